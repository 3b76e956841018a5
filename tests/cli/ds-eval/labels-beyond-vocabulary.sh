. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[1,2,3]]' labels='[[1,2,-1]]'
refuse ds-eval forward --model "$toy/model" --ids in.safetensors -o out.safetensors
