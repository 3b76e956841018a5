# Damaged or missing input: its exit status, file and line named, nothing written, an old output kept.
. "$CASE_DIR/case.bash"
echo old > ids.jsonl
try() { status_of ds-tokenize encode --tokenizer "$tok" --format jsonl -o ids.jsonl "$@" 2>&1; cat ids.jsonl; }
printf '{"id":1,"text":"a"}\n{"id":2,"text":\n' > cut.jsonl; try cut.jsonl
printf '{"id":1,"txt":"a"}\n' > field.jsonl; try field.jsonl
gzip -c "$corpus" | head -c 900 > cut.jsonl.gz; try cut.jsonl.gz
mkdir empty; try empty
try missing.jsonl
printf '{"id":1,"text":"%s"}\n' "$(head -c 300 /dev/zero | tr '\0' x)" > long.jsonl; try --max-line 200 long.jsonl
ls -A
: > nothing.jsonl
status_of ds-tokenize train -o tok.json nothing.jsonl 2>&1
status_of ds-tokenize encode --tokenizer "$tok" -o data nothing.jsonl 2>&1
try nothing.jsonl
status_of ds-tokenize count --tokenizer "$tok" nothing.jsonl 2>&1
status_of ds-tokenize count --tokenizer "$tok" - < /dev/null 2>&1
status_of ds-tokenize decode --tokenizer "$tok" -o - nothing.jsonl 2>&1
ls -A
