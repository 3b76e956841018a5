# Sourced by cases: every command of every tool that is there, one a line.
commands() {
  local tool line
  for tool in ds-clean ds-tokenize ds-train ds-eval; do
    command -v $tool > /dev/null || continue
    # The commands are listed between "Commands:" and the next empty line; a tool without that list is one command.
    line=$($tool --help | sed -n '/^Commands:/,/^$/{s/^  \([a-z][a-z-]*\).*/\1/p}')
    if [ -z "$line" ]; then echo $tool; else for name in $line; do echo $tool $name; done; fi
  done
}
