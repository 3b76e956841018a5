# A full disk is 4, on stdout and in -o.
. "$CASE_DIR/case.bash"
try() { local status=0; "$@" > /dev/full 2> err || status=$?; echo "status $status"; grep -c 'error: .*No space left' err; }
try ds-tokenize count --tokenizer "$tok" "$corpus"
try ds-tokenize encode --tokenizer "$tok" --format jsonl -o - "$corpus"
ds-tokenize encode -q --tokenizer "$tok" --format jsonl -o ids.jsonl "$corpus"
try ds-tokenize decode --tokenizer "$tok" -o - ids.jsonl
try ds-tokenize train -q --vocab-size 300 -o - "$corpus"
status_of ds-tokenize encode --tokenizer "$tok" --format jsonl -o /dev/full "$corpus" 2> err
