# What a tokenizer is; tokens by id, by piece, of a text.
. "$CASE_DIR/case.bash"
ds-tokenize inspect "$tok"
ds-tokenize inspect --limit 2 "$TESTDATA/tokenizer/convert/bpe.model"
ds-tokenize inspect --list "$tok" | wc -l
ds-tokenize inspect --list "$TESTDATA/tokenizer/added.tokenizer.json" | tail -3
ds-tokenize inspect --ids 0,5,255-257 "$tok"
status_of ds-tokenize inspect --piece ' the' --piece 'Ġthe' --piece nowhere "$tok"
ds-tokenize inspect --text $'the 训练\t<|endoftext|>12345' "$tok"
ds-tokenize inspect --json --text 'a b' "$tok"
ds-tokenize inspect --json --limit 1 "$TESTDATA/tokenizer/schema/wordpiece.tokenizer.json"
status_of ds-tokenize inspect --ids 5,x "$tok" 2>&1
status_of ds-tokenize inspect --ids 711 "$tok" 2>&1
status_of ds-tokenize inspect --ids 1 --list "$tok" 2>&1
