# One empty file among others is a warning.
. "$CASE_DIR/case.bash"
: > empty.txt
doc a one > in.jsonl
ds-clean -o - empty.txt in.jsonl
