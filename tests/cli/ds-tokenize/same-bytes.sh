# Equal inputs give equal bytes, from a file or stdin, on any number of threads; only the manifest tells stdin apart.
. "$CASE_DIR/case.bash"
mkdir one two
ds-tokenize encode -q -t 1 --tokenizer "$tok" -o one/data "$corpus"
ds-tokenize encode -q -t 4 --tokenizer "$tok" -o two/data "$corpus"
diff -r one two
cat "$corpus" | ds-tokenize encode -q --tokenizer "$tok" -o one/data -
cmp one/data.bin two/data.bin
cmp one/data.idx two/data.idx
diff one/data.manifest.json two/data.manifest.json || true
