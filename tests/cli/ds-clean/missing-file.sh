# A file that is not there.
. "$CASE_DIR/case.bash"
refuse ds-clean -o clean.jsonl missing.jsonl
