# Damaged lines can be counted and left out.
. "$CASE_DIR/case.bash"
{ doc a one; echo 'no json'; echo '{"id":"b"}'; echo '{"id":"c","text":7}'; doc d two; } > in.jsonl
ds-clean --skip-bad-lines -o - in.jsonl
