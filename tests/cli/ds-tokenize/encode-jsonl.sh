# One line a document, in input order, ids kept as they were written, no special tokens added; the same on any thread count.
. "$CASE_DIR/case.bash"
printf '%s\n' '{"id":"a","text":"The tokenizer cuts text."}' '{"id":17,"text":"<|endoftext|> in the text"}' '{"text":"训练数据"}' '{"id":null,"text":""}' > in.jsonl
ds-tokenize encode --tokenizer "$tok" --format jsonl -o - in.jsonl
ds-tokenize encode --tokenizer "$tok" --format jsonl --no-specials-in-text -o - in.jsonl | sed -n 2p
ds-tokenize encode -q --tokenizer "$tok" --format jsonl -o ids.jsonl "$corpus"
for t in 1 2 7; do ds-tokenize encode -q -t $t --tokenizer "$tok" --format jsonl -o - "$corpus" | cmp - ids.jsonl; done
