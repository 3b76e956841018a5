# A quantised folder has no gradients: ds-train and ds-eval forward --grads say so.
. "$CASE_DIR/case.bash"
quantize --scheme int8 -o q -q
ds-train --model q --data "$held" --steps 1 -o run || echo $?
python3 "$CASE_DIR/../ds-eval/tensors.py" write in.safetensors ids='[[50,60,70]]' labels='[[50,60,70]]'
ds-eval forward --model q --ids in.safetensors --grads -o out.safetensors || echo $?
ds-eval forward -q --model q --ids in.safetensors -o out.safetensors
ls
