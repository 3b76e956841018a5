# Every kind of input in one run.
printf 'plain text\r\nof two lines\n' > a.txt
printf '{"id":"j","text":"json","meta":{"k":1.50},"u":"\\u00e9"}\n' | gzip > b.jsonl.gz
printf 'text,id,extra\n"quoted, ""text""\nover two lines",c1,e\n' > c.csv
printf 'id\ttext\nt1\ttab separated\n' | zstd -q > d.tsv.zst
printf 'unknown extension' > e.dat
printf '{"text":"from stdin"}\n' | ds-clean -q -o - a.txt b.jsonl.gz c.csv d.tsv.zst e.dat -
