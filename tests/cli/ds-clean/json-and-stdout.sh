# --json and -o - both want stdout.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
refuse ds-clean --json -o - in.jsonl
