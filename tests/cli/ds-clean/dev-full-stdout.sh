# A full disk behind stdout.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
ds-clean -q -o - in.jsonl > /dev/full
