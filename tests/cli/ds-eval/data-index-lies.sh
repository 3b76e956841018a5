. "$CASE_DIR/case.bash"
cp "$toy/held.bin" "$toy/held.idx" .
truncate -s -20 held.bin
refuse ds-eval perplexity --model "$toy/model" --data held
