. "$CASE_DIR/case.bash"
refuse ds-eval perplexity --model nowhere --data "$toy/held"
