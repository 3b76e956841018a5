# Help, manual page and completions of every tool: on stdout, status 0, and the programs that read them have no complaint.
source $CASE_DIR/lib.bash
commands > list
while read -r command; do
  $command --help > help.txt
  grep -q '^Usage: '"$command" help.txt
  grep -q '^  \$ .*'"$command" help.txt
  # Examples come before options.
  test $(grep -n '^Examples:' help.txt | cut -d: -f1) -lt $(grep -n -- '--log-format' help.txt | cut -d: -f1)
done < list
for tool in $(cut -d' ' -f1 list | sort -u); do
  $tool --help > help.txt
  $tool --help-man > page.1
  if command -v groff > /dev/null; then groff -man -ww -z -Tutf8 -Kutf8 page.1; fi
  if command -v man > /dev/null; then man -l page.1 > page.txt; grep -q '^EXAMPLES' page.txt; fi
  $tool --completion bash > c.bash
  bash -n c.bash
  $tool --completion zsh > c.zsh
  if command -v zsh > /dev/null; then zsh -n c.zsh; fi
  grep -q "^#compdef $tool" c.zsh
done
