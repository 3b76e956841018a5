# Another process writes the same output.
. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[1,2,3]]'
exec 9>.out.safetensors.ds-lock
flock 9
status=0
ds-eval forward --model "$toy/model" --ids in.safetensors -o out.safetensors || status=$?
rm -f .out.safetensors.ds-lock
ls
exit $status
