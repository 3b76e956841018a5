. "$CASE_DIR/case.bash"
copy_model
printf '{"model_type": "llama", ' >model/config.json
refuse ds-eval perplexity --model model --data "$toy/held"
