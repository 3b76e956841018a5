# A zstd file that was cut off is named, with the place.
. "$CASE_DIR/case.bash"
for i in $(seq 2000); do doc "$i" "text number $i of many, $((i * 7919 % 10007))"; done | zstd -q | head -c 9000 > in.jsonl.zst
refuse ds-clean -q -o clean.jsonl in.jsonl.zst
