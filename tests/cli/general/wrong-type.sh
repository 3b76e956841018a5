printf '{\n  "threads": "two"\n}\n' > c.json
ds-clean -c c.json -o out.jsonl in.txt
