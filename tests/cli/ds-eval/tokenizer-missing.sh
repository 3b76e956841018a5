. "$CASE_DIR/case.bash"
copy_model
rm model/tokenizer.json
refuse ds-eval generate --model model --prompt "The"
