#!/usr/bin/env bash
# The README's commands work: its blocks marked <!-- run --> are run one after the other, its <!-- file NAME --> blocks
# being the files they name, on toy text and for a few steps. Its make rules stand in scripts/pipeline.mk as they are.
#
#   tests/pipeline/readme.sh BIN
set -euo pipefail
bin=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export PATH=$bin:$PATH DS_STEPS=3 DS_WARMUP=1 DS_BATCH_SIZE=2

# block MARK: the fenced blocks that follow the comment MARK.
block() { awk -v mark="<!-- $1 -->" '$0 == mark { wanted = 1; next } /^```/ { if (inside) inside = wanted = 0; else if (wanted) inside = 1; next } inside' "$root/README.md"; }

toy() { awk -v documents="$1" -v seed="$2" -f "$root/tests/pipeline/toy_text.awk"; }
toy 3 1 | sed 's/.*"text":"//; s/"}$//' >in.txt
toy 250 2 >more.jsonl
gzip -kn more.jsonl
toy 12 3 >held.jsonl
for name in config.json train.toml; do
  block "file $name" >$name
  [ -s $name ] || { echo "the README has no block <!-- file $name -->" >&2; exit 1; }
done

block run >commands.sh
[ "$(wc -l <commands.sh)" -ge 10 ] || { echo "the README's <!-- run --> blocks were not found" >&2; exit 1; }
# As one session, since a server runs in the background and ends by `kill %1`; every command is printed first.
echo 'trap '"'"'status=$?; echo "failed with $status: $BASH_COMMAND" >&2; kill %1 2>/dev/null; exit $status'"'"' ERR' >session.sh
cat commands.sh >>session.sh
echo 'wait' >>session.sh
bash -mv -o pipefail session.sh 2>session.log || { cat session.log >&2; exit 1; }

awk '/^```make/ { inside = 1; next } /^```/ { inside = 0 } inside && NF' "$root/README.md" | while IFS= read -r line; do
  grep -qxF -- "$line" "$root/scripts/pipeline.mk" || { echo "not in scripts/pipeline.mk: $line" >&2; exit 1; }
done

# Every long flag in the README's prose and commands exists.
for tool in clean tokenize train quantize export serve eval; do "ds-$tool" --list-options; done >flags
for flag in $(grep -v '^make\|^curl\|<!--' "$root/README.md" | grep -oE -- '(^|[ `(])--[a-z][a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u); do
  case $flag in --help | --version | --dump-config | --help-man | --completion | --list-options) continue ;; esac
  grep -qE -- "$flag\b" flags || { echo "the README names $flag, which no tool has" >&2; exit 1; }
done
echo "readme: all commands work"
