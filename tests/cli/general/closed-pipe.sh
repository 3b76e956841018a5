# A reader that goes away ends the tool quietly with 0.
set -o pipefail
for i in $(seq 20000); do echo "{\"text\":\"Document number $i says something that no other document says, $i times.\"}"; done > in.jsonl
ds-clean -q -o - in.jsonl | head -1 > /dev/null
ds-clean --help | head -1
ds-tokenize --help-man | head -1 > /dev/null
