# --dry-run touches nothing; --depfile writes a rule for make.
. "$CASE_DIR/case.bash"
cp "$corpus" in.jsonl; cp "$tok" tok.json
ds-tokenize train -n -o t.json in.jsonl 2>&1
ds-tokenize encode -n --tokenizer tok.json -o data in.jsonl 2>&1
echo '{"ids":[1]}' > ids.jsonl
ds-tokenize decode -n --tokenizer tok.json -o text.jsonl ids.jsonl 2>&1
ls
ds-tokenize train -q --vocab-size 300 --depfile t.d -o t.json in.jsonl
ds-tokenize encode -q --depfile e.d --tokenizer tok.json -o data in.jsonl
cat t.d e.d
