# --tokenizer takes what convert reads: the same data as with the converted file, which lies beside it.
. "$CASE_DIR/case.bash"
data=$TESTDATA/tokenizer/convert
mkdir folder; cp "$data/bpe.model" folder/tokenizer.model
for t in "$data"/{bpe,unigram}.model "$data/tekken.json" "$data"/{bpe,pieces}.gguf folder; do
  name=$(basename "$t")
  ds-tokenize convert -q -o converted.json "$t"
  ds-tokenize encode -q -f --tokenizer "$t" -o one "$corpus" 2>&1
  ds-tokenize encode -q -f --tokenizer converted.json -o two "$corpus" 2>&1
  cmp one.bin two.bin; cmp one.idx two.idx; cmp one.tokenizer.json converted.json
  cmp <(ds-tokenize count --tokenizer "$t" "$corpus") <(ds-tokenize count --tokenizer converted.json "$corpus")
  ds-tokenize encode -q -f --format jsonl --tokenizer "$t" -o ids.jsonl "$corpus"
  cmp <(ds-tokenize decode -q --tokenizer "$t" -o - ids.jsonl) <(ds-tokenize decode -q --tokenizer converted.json -o - ids.jsonl)
  ds-tokenize merge -q -f -o both one two && echo "$name: $(ds-tokenize count --tokenizer "$t" "$corpus" | sed -n 3p)"
done
status_of ds-tokenize encode -q --tokenizer "$data/ranks.tiktoken" -o ranks "$corpus" 2>&1 | sed "s,$data/,,"
