# What forward writes: logits; loss with labels; gradients and hidden states when asked for.
. "$CASE_DIR/case.bash"
tensors write in.safetensors ids='[[50,60,70],[80,90,100]]'
ds-eval forward -q --model "$toy/model" --ids in.safetensors -o a.safetensors
tensors show a.safetensors
tensors write all.safetensors ids='[[50,60,70],[80,90,100]]' labels='[[50,60,70],[-100,90,100]]' \
  attention_mask='[[1,1,1],[0,1,1]]' position_ids='[[0,1,2],[0,0,1]]' doc_ids='[[0,0,0],[0,1,1]]'
ds-eval forward -q --model "$toy/model" --ids all.safetensors -o b.safetensors --grads --hidden --json
tensors show b.safetensors
