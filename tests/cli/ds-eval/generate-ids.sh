# Rows of ids are continued without a tokenizer; the same call again does nothing.
. "$CASE_DIR/case.bash"
copy_model
rm model/tokenizer.json
tensors write in.safetensors ids='[[50,60,70],[80,90,100]]'
ds-eval generate --model model --ids in.safetensors --max-tokens 4 -o out.safetensors 2>/dev/null
tensors show out.safetensors
tensors values out.safetensors generated
ds-eval generate --model model --ids in.safetensors --max-tokens 4 -o out.safetensors
ls
