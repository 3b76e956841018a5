# --json prints the statistics.
. "$CASE_DIR/case.bash"
{ doc a one; doc b one; } > in.jsonl
ds-clean -q --json -o clean.jsonl in.jsonl | python3 -c 'import json,sys; r=json.load(sys.stdin); print(r["kept"]["documents"], r["rejected"])'
