. "$CASE_DIR/case.bash"
copy_model
truncate -s 5000 model/model.safetensors
refuse ds-eval generate --model model --prompt "The"
