DS_THREADS=many ds-clean -o out.jsonl in.txt
