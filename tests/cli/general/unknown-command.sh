ds-tokenize trian -o tok.json in.jsonl
