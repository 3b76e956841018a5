. "$CASE_DIR/case.bash"
refuse ds-eval generate --model "$toy/model" --prompt ""
