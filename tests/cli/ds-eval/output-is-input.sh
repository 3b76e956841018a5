. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[1,2,3]]'
sha256sum in.safetensors >sum
ds-eval forward --model "$toy/model" --ids in.safetensors -o ./in.safetensors || echo $?
sha256sum -c --quiet sum
copy_model
sha256sum model/model.safetensors >sum
ds-eval forward --model model --ids in.safetensors -o model/model.safetensors || echo $?
sha256sum -c --quiet sum
