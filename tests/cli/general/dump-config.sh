# --dump-config needs nothing else, and reading it back gives the same dump, for every command.
source $CASE_DIR/lib.bash
commands > list
test $(wc -l < list) -ge 5
while read -r command; do
  $command --dump-config > first.toml < /dev/null
  test -s first.toml
  $command --dump-config -c first.toml > second.toml < /dev/null
  cmp first.toml second.toml
  $command -t 3 -c first.toml --dump-config < /dev/null > third.toml 2> error || { grep -q 'unknown option' error; continue; }
  grep -qx 'threads = 3' third.toml
done < list
