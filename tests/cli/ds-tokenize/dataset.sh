# data.bin and data.idx, little-endian; the tokenizer travels along; the end-of-text token closes each document.
. "$CASE_DIR/case.bash"
printf '%s\n' '{"id":"a","text":"text"}' '{"id":"b","text":""}' '{"id":"c","text":"a b"}' > in.jsonl
ds-tokenize encode --tokenizer "$tok" -o data in.jsonl
od -An -v -tu2 --endian=little data.bin
od -An -v -tx1 data.idx
cmp data.tokenizer.json "$tok"
sed 's/"[0-9a-f]\{64\}"/"HASH"/' data.manifest.json
ds-tokenize encode -q --no-append-eos --tokenizer "$tok" -o bare.bin in.jsonl
od -An -v -tu2 --endian=little bare.bin
ls -A
