# Equal inputs and options: nothing to do. -f does it all the same and gives the same bytes. Other options: replaced.
. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[50,60,70]]' labels='[[50,60,70]]'
run() { ds-eval forward --model "$toy/model" --ids in.safetensors -o out.safetensors "$@" 2>&1 | sed 's/, loss.*//'; }
run
sha256sum out.safetensors out.safetensors.manifest.json >first
run
run -f
sha256sum -c --quiet first
run --hidden
tensors show out.safetensors | wc -l
