# -o that cannot work is said before any work: a missing folder is 4, an input 2; -o - takes no dataset.
. "$CASE_DIR/case.bash"
cp "$corpus" in.jsonl; cp "$tok" tok.json; cp in.jsonl data.bin
try() { status_of "$@" 2>&1; }
try ds-tokenize train -o missing/tok.json in.jsonl
try ds-tokenize train -o in.jsonl in.jsonl
try ds-tokenize encode --tokenizer tok.json -o missing/data in.jsonl
try ds-tokenize encode --tokenizer tok.json -o data --input-format jsonl data.bin
try ds-tokenize encode --tokenizer tok.json -o tok.json --format jsonl in.jsonl
try ds-tokenize encode --tokenizer tok.json -o - in.jsonl
try ds-tokenize decode --tokenizer tok.json -o in.jsonl in.jsonl
try ds-tokenize decode --tokenizer tok.json -o missing/x in.jsonl
cmp in.jsonl "$corpus"; cmp tok.json "$tok"
ls -A
