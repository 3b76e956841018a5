# No text field: the fields that are there are named.
. "$CASE_DIR/case.bash"
echo '{"id":"a","content":"x","lang":"en"}' > in.jsonl
refuse ds-clean -o clean.jsonl in.jsonl
