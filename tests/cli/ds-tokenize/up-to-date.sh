# A rerun does nothing; a changed input, option or output makes it work again; -f always does.
. "$CASE_DIR/case.bash"
cp "$corpus" in.jsonl
ds-tokenize train --vocab-size 400 -o tok.json in.jsonl 2>&1
ds-tokenize train --vocab-size 400 -o tok.json in.jsonl 2>&1
ds-tokenize train --vocab-size 401 -o tok.json in.jsonl 2>&1
ds-tokenize encode --tokenizer tok.json -o data in.jsonl 2>&1
ds-tokenize encode --tokenizer tok.json -o data in.jsonl 2>&1
ds-tokenize encode --tokenizer tok.json -o data.idx in.jsonl 2>&1
rm data.idx
ds-tokenize encode --tokenizer tok.json -o data in.jsonl 2>&1
echo '{"text":"more"}' >> in.jsonl
ds-tokenize encode --tokenizer tok.json -o data in.jsonl 2>&1
ds-tokenize encode -f --tokenizer tok.json -o data in.jsonl 2>&1
ds-tokenize encode --tokenizer tok.json --format jsonl -o ids.jsonl in.jsonl 2>&1
ds-tokenize encode --tokenizer tok.json --format jsonl -o ids.jsonl in.jsonl 2>&1
ds-tokenize decode --tokenizer tok.json -o back.jsonl ids.jsonl 2>&1
ds-tokenize decode --tokenizer tok.json -o back.jsonl ids.jsonl 2>&1
