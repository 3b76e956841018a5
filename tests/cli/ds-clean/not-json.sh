# A line that is no JSON: line and byte are named.
. "$CASE_DIR/case.bash"
{ doc a one; echo '{"id":"b","text":"two'; doc c three; } > in.jsonl
refuse ds-clean -o clean.jsonl in.jsonl
