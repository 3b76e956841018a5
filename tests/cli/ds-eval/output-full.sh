# A full disk: behind the output, and behind stdout.
. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[1,2,3]]'
ds-eval forward -q --model "$toy/model" --ids in.safetensors -o /dev/full || echo $?
ds-eval forward -q --model "$toy/model" --ids in.safetensors -o - >/dev/full || echo $?
ds-eval generate -q --model "$toy/model" --prompt "The" --max-tokens 5 >/dev/full || echo $?
ds-eval perplexity -q --model "$toy/model" --data "$toy/held" --json >/dev/full || echo $?
