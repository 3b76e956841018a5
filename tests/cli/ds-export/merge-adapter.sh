# An adapter is added; others are refused.
. "$CASE_DIR/case.bash"
adapter() {  # NAME MODULE CONFIG: rank 1, A and B all 0.5
  mkdir "$1"; echo "$3" > "$1/adapter_config.json"
  python3 - "$1/adapter_model.safetensors" "base_model.model.$2" <<'PY'
import json, struct, sys
header = {sys.argv[2] + ".lora_A.weight": {"dtype": "F32", "shape": [1, 32], "data_offsets": [0, 128]},
          sys.argv[2] + ".lora_B.weight": {"dtype": "F32", "shape": [32, 1], "data_offsets": [128, 256]}}
text = json.dumps(header).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(text)) + text + struct.pack("<64f", *[0.5] * 64))
PY
}
q=model.layers.1.self_attn.q_proj
adapter a $q '{"peft_type": "LORA", "r": 1, "lora_alpha": 4}'
ds-export merge --model "$toy" --adapter a -o m --dtype float32 2>&1
ds-export merge -q --model "$toy" -o plain --dtype float32
python3 - <<'PY'
import json, struct
def tensor(path, name):
    raw = open(path, "rb").read()
    n = struct.unpack("<Q", raw[:8])[0]
    begin, end = json.loads(raw[8:8 + n])[name]["data_offsets"]
    return struct.unpack(f"<{(end - begin) // 4}f", raw[8 + n + begin:8 + n + end])
name = "model.layers.1.self_attn.q_proj.weight"
difference = [a - b for a, b in zip(tensor("m/model.safetensors", name), tensor("plain/model.safetensors", name))]
print(len(difference), all(abs(d - 1) < 1e-6 for d in difference))  # 4 * 0.5 * 0.5
PY
ds-export merge --model "$toy" --adapter a -o m --dtype float32 2>&1
ds-export inspect a | sed 's/^a:/adapter:/'
adapter dora $q '{"peft_type": "LORA", "r": 1, "lora_alpha": 4, "use_dora": true}'
status_of ds-export merge --model "$toy" --adapter dora -o x 2>&1
adapter far model.layers.9.self_attn.q_proj '{"peft_type": "LORA", "r": 1, "lora_alpha": 4}'
status_of ds-export merge --model "$toy" --adapter far -o x 2>&1 | sed 's!which .*/toy/!which toy/!'
status_of ds-export merge --model "$toy" --adapter missing -o x 2>&1
ls -d x 2>/dev/null || true
