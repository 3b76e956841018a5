# Keeping nothing is not an error, but it is said.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
ds-clean --min-chars 100 -o clean.jsonl in.jsonl
wc -c < clean.jsonl
