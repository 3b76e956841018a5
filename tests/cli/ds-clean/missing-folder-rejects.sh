# The same for the rejects.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
refuse ds-clean --rejects no/rej.jsonl -o clean.jsonl in.jsonl
