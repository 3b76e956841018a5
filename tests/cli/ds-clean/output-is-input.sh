# An output that is an input is refused, also under another name, and as rejects, report or reference.
. "$CASE_DIR/case.bash"
doc a one > in.jsonl
doc b two > held.jsonl
ln in.jsonl link.jsonl
for arguments in "-o in.jsonl" "-o ./in.jsonl" "-o link.jsonl" "-o out --rejects in.jsonl" "-o out --report in.jsonl" \
  "-o held.jsonl --against held.jsonl" "-o out --rejects ./out"; do
  status=0
  ds-clean $arguments in.jsonl || status=$?
  echo "$arguments: $status"
done
cat in.jsonl held.jsonl
