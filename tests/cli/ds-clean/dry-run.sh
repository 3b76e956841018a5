# --dry-run touches nothing.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
ds-clean -n -o clean.jsonl in.jsonl
ls -A
