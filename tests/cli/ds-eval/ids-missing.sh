. "$CASE_DIR/case.bash"
tensors write in.safetensors labels='[[1,2,3]]'
refuse ds-eval forward --model "$toy/model" --ids in.safetensors -o out.safetensors
