. "$CASE_DIR/case.bash"
: >prompt.txt
refuse ds-eval generate --model "$toy/model" --prompt-file prompt.txt
