. "$CASE_DIR/case.bash"
copy_model
truncate -s 1000 model/tokenizer.json
refuse ds-eval generate --model model --prompt "The"
