. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[1,2,3],[4,290,6]]'
ds-eval forward --model "$toy/model" --ids in.safetensors -o out.safetensors || echo $?
refuse ds-eval generate --model "$toy/model" --ids in.safetensors -o out.safetensors
