# … or the document is rejected.
printf '{"id":"a","text":"caf\xe9"}\n{"id":"b","text":"plain"}\n' > in.jsonl
ds-clean --invalid-utf8 reject --rejects rej.jsonl -o clean.jsonl in.jsonl
cat clean.jsonl rej.jsonl
