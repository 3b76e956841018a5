# … or refused.
. "$CASE_DIR/case.bash"
printf '{"id":"a","text":"caf\xe9"}\n' > in.jsonl
refuse ds-clean --invalid-utf8 error -o clean.jsonl in.jsonl
