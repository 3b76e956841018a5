# An output in a folder that is not there: found before any work.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
refuse ds-clean -o no/such/clean.jsonl in.jsonl
