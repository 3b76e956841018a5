. "$CASE_DIR/case.bash"
mkdir model && cp "$toy/model/config.json" model
refuse ds-eval perplexity --model model --data "$toy/held"
