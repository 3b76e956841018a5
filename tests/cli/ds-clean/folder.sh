# A folder: known extensions below it, sorted, ids relative to it.
mkdir -p folder/sub folder/.git
printf 'B' > folder/b.txt
printf 'text,n\nA,1\n' | gzip > folder/a.csv.gz
printf '{"text":"C"}\n' | zstd -q > folder/sub/c.jsonl.zst
printf 'no' > folder/.git/x.txt
printf 'no' > folder/x.bin
ds-clean -q -o - folder
