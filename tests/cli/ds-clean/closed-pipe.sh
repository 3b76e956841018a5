# A reader that goes away ends it quietly.
set -o pipefail
for i in $(seq 20000); do echo "{\"text\":\"document number $i\"}"; done > in.jsonl
ds-clean -q --dedup none -o - in.jsonl | head -n 1
