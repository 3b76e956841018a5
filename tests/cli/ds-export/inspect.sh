# Every kind of artifact; the chain inside a copied GGUF file.
. "$CASE_DIR/case.bash"
printf '{"id":"1","text":"once upon a time"}\n{"id":"2","text":"there was a cat"}\n' > raw.jsonl
ds-clean -q -o clean.jsonl raw.jsonl
ds-tokenize train -q --vocab-size 290 -o tok.json clean.jsonl 2>/dev/null
ds-tokenize encode -q --tokenizer tok.json -o data clean.jsonl
ds-export inspect clean.jsonl tok.json data data.bin data.manifest.json raw.jsonl | sed -E 's/[0-9a-f]{64}/HASH/g'
ds-export merge -q --model "$toy" -o merged
ds-export gguf -q --model merged -o m.gguf --type q8_0 --name Toy
mkdir else; cp m.gguf else/copy.gguf
ds-export inspect else/copy.gguf merged "$toy" "$toy/config.json" | sed -E 's/[0-9a-f]{64}/HASH/g; s!^/.*/(toy/)!\1!'
