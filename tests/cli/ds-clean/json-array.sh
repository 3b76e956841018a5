# One JSON array instead of lines.
. "$CASE_DIR/case.bash"
echo '[{"text":"a"},{"text":"b"}]' > in.json
refuse ds-clean -o clean.jsonl in.json
