# Tokens behind the last id, the rows a model then needs; a rerun does nothing; what is there already is refused.
. "$CASE_DIR/case.bash"
cp "$tok" tok.json
add() { status_of ds-tokenize add-tokens "$@" 2>&1; }
add --special '<tool>' --special '<|end|>' --token 'ds tools' --pad-to-multiple-of 64 -o more.json tok.json
ds-tokenize inspect --ids 710-713 more.json
echo '{"id":1,"text":"use ds tools<tool>"}' | ds-tokenize encode -q --tokenizer more.json --format jsonl -o ids.jsonl -
cat ids.jsonl
ds-tokenize decode -q --tokenizer more.json -o - ids.jsonl
add --special '<tool>' --special '<|end|>' --token 'ds tools' --pad-to-multiple-of 64 -o more.json tok.json
add --json -n --special '<tool>' --rows 1024 -o x.json tok.json
add --special '<tool>' --token '<tool>' -o no.json tok.json
add --special '<|end|>' -o no.json more.json
add --token 'Ġthe' -o no.json tok.json
add --token '' -o no.json tok.json
add -o no.json tok.json
add --special x -o more.json more.json
ls -A
