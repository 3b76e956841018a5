printf '# comment\n\nthreads = 1\nvocab_size = 300\n' > c.toml
ds-tokenize train -c c.toml -o tok.json in.jsonl
