# A plain pair without a manifest: the first token is not predicted. Without a tokenizer nothing is known of bytes.
. "$CASE_DIR/case.bash"
cp "$toy/held.bin" "$toy/held.idx" .
ds-eval perplexity -q --model "$toy/model" --data held --json | numbers tokens bytes
copy_model
rm model/tokenizer.json
ds-eval perplexity -q --model model --data held.bin --json | numbers tokens bytes bits_per_byte
ds-eval perplexity -q --model model --data "$toy/held.idx" --json | numbers tokens bytes bits_per_byte
