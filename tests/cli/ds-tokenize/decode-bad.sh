# Ids that no token has, and lines that are no id lists: 3, with file and line; nothing is written.
. "$CASE_DIR/case.bash"
try() { printf '%s\n' '{"id":1,"ids":[1]}' "$1" > ids.jsonl; status_of ds-tokenize decode --tokenizer "$tok" -o out.jsonl ids.jsonl 2>&1; }
try '{"id":2,"ids":[5,711]}'
try '{"id":2,"ids":[-1]}'
try '{"id":2,"ids":[1.5]}'
try '{"id":2,"ids":[99999999999999999999999]}'
try '{"id":2,"ids":"5"}'
try '{"id":2}'
try '[1,2]'
try '{"id":2,"ids":[1'
head -c 100000 /dev/zero | tr '\0' '[' > ids.jsonl
status_of ds-tokenize decode --tokenizer "$tok" -o out.jsonl ids.jsonl 2>&1 | tail -1
ls
