# Training gives the reference library's file, byte for byte, whatever the number of threads, also from gzip and stdin.
. "$CASE_DIR/case.bash"
ds-tokenize train -q --vocab-size 711 -o tok.json "$corpus"
cmp tok.json "$tok"
for t in 1 2 5; do ds-tokenize train -q -f -t $t --vocab-size 711 -o tok$t.json "$corpus"; cmp tok$t.json "$tok"; done
gzip -c "$corpus" > c.jsonl.gz
ds-tokenize train -q --vocab-size 711 -o gz.json c.jsonl.gz
cmp gz.json "$tok"
ds-tokenize train -q --vocab-size 711 -o - - < "$corpus" | cmp - "$tok"
split -n l/3 --additional-suffix=.jsonl "$corpus" part.
ds-tokenize train -q --vocab-size 711 -o parts.json part.*.jsonl
cmp parts.json "$tok"
cat tok.json.manifest.json
