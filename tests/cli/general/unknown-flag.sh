ds-clean --outptu x.jsonl in.txt
