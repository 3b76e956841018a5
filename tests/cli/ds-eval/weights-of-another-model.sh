. "$CASE_DIR/case.bash"
copy_model
sed -i 's/"intermediate_size": [0-9]*/"intermediate_size": 72/' model/config.json
refuse ds-eval generate --model model --prompt "The"
