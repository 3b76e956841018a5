# A reader that goes away is no error.
. "$CASE_DIR/case.bash"
for i in $(seq 200); do cat "$corpus"; done > big.jsonl
set -o pipefail
ds-tokenize encode -q --tokenizer "$tok" --format jsonl -o - big.jsonl | head -c 20
echo " status ${PIPESTATUS[0]}"
