# Text that is not UTF-8 is read with U+FFFD in place of what is wrong.
. "$CASE_DIR/case.bash"
printf 'a\xff\xe4\xb8z' > in.txt
ds-tokenize encode -q --tokenizer "$tok" --format jsonl -o - in.txt | ds-tokenize decode -q --tokenizer "$tok" -o - -
