# Documents, bytes, tokens: as text, as JSON, from stdin.
. "$CASE_DIR/case.bash"
ds-tokenize count --tokenizer "$tok" "$corpus"
cat "$corpus" | ds-tokenize count --json --tokenizer "$tok" -
printf 'one\n\ntwo\nthree\n' > lines.txt
ds-tokenize count --split line --tokenizer "$tok" lines.txt
