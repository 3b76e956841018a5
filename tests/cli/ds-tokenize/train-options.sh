# Special tokens get the first ids, the pattern is written as given, rare pairs are not merged.
printf '%s\n' '{"text":"it'"'"'s 12345 and it'"'"'s not"}' '{"text":"and not and not"}' > in.jsonl
ds-tokenize train -q --special '<s>' --special '</s>' --pattern llama3 --min-frequency 2 --vocab-size 300 -o tok.json in.jsonl
grep -c Regex tok.json
grep -A1 '"vocab"' tok.json | tail -1
printf '{"id":"x","text":"<s>it'"'"'s 12345</s>"}\n' | ds-tokenize encode --tokenizer tok.json --format jsonl -o - -
ds-tokenize train -q --special '' --vocab-size 300 -o tok.json in.jsonl || echo $?
ds-tokenize train -q --vocab-size 256 -o tok.json in.jsonl || echo $?
