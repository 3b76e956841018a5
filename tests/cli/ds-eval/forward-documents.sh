# Two documents in a row see nothing of each other: the second gives what it gives alone.
. "$CASE_DIR/case.bash"
tensors write both.safetensors ids='[[50,60,70,80,90]]' position_ids='[[0,1,0,1,2]]'
tensors write alone.safetensors ids='[[70,80,90]]'
for f in both alone; do ds-eval forward -q --model "$toy/model" --ids $f.safetensors -o $f.out.safetensors; done
tensors values both.out.safetensors logits | tail -n 3 >a
tensors values alone.out.safetensors logits >b
python3 -c '
rows = lambda f: [[float(x) for x in line.split()] for line in open(f)]
worst = max(abs(x - y) for r, s in zip(rows("a"), rows("b")) for x, y in zip(r, s))
assert worst < 1e-5, worst'
