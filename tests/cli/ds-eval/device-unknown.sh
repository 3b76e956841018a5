. "$CASE_DIR/case.bash"
refuse ds-eval perplexity --model "$toy/model" --data "$toy/held" --device tpu
