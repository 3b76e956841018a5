# A reference that is not there.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
refuse ds-clean --against held.jsonl -o clean.jsonl in.jsonl
