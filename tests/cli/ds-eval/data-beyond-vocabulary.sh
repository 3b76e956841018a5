. "$CASE_DIR/case.bash"
cp "$toy/held.bin" "$toy/held.idx" .
printf '\377\377' | dd of=held.bin bs=1 seek=60 conv=notrunc status=none
refuse ds-eval perplexity --model "$toy/model" --data held
