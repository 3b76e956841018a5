. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[1,2,3]]'
refuse ds-eval forward --model "$toy/model" --ids in.safetensors -o missing/out.safetensors
