# In what two tokenizers differ, and how long a text is in each; 0 when in nothing.
. "$CASE_DIR/case.bash"
status_of ds-tokenize diff "$tok" "$tok"
ds-tokenize add-tokens -q --special '<tool>' -o more.json "$tok"
status_of ds-tokenize diff "$tok" more.json
sed 's/"normalizer": null/"normalizer": {"type":"Lowercase"}/; s/{1,3}/{1,2}/' more.json > other.json
status_of ds-tokenize diff "$tok" other.json "$corpus"
status_of ds-tokenize diff --json --limit 1 other.json "$tok"
status_of ds-tokenize diff --limit 2 "$tok" "$TESTDATA/tokenizer/added.tokenizer.json"
status_of ds-tokenize diff "$tok" missing.json 2>&1
