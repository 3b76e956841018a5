# An input without any document is refused.
. "$CASE_DIR/case.bash"
: > empty.jsonl
refuse ds-clean -o clean.jsonl empty.jsonl
