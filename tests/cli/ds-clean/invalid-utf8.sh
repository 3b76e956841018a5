# Invalid UTF-8 is repaired and counted.
printf '{"id":"a","text":"caf\xe9 au lait \xff\xfe","lone":"\\ud800"}\n{"id":"b","text":"x \\udc00 y"}\n' > in.jsonl
ds-clean --report report.json -o clean.jsonl in.jsonl
cat clean.jsonl
grep -E 'invalid_utf8|lone' report.json
