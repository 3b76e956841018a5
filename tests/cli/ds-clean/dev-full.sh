# A full disk.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
refuse ds-clean -o /dev/full in.jsonl
