# A gzip file that was cut off is named, with the place; the old output stays.
. "$CASE_DIR/case.bash"
for i in $(seq 2000); do doc "$i" "text number $i of many, $((i * 7919 % 10007))"; done | gzip | head -c 9000 > in.jsonl.gz
echo old > clean.jsonl
refuse ds-clean -q -o clean.jsonl --rejects rej.jsonl --report report.json in.jsonl.gz
