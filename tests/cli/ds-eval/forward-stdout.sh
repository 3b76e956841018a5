# -o - streams the tensors; there is no manifest then.
. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[50,60,70]]'
ds-eval forward -q --model "$toy/model" --ids in.safetensors -o - >out
tensors show out
ls -A
