. "$CASE_DIR/case.bash"
copy_model
python3 - <<'PY'
import json, struct
data = bytearray(open("model/model.safetensors", "rb").read())
(size,) = struct.unpack("<Q", data[:8])
t = json.loads(data[8 : 8 + size])["model.layers.1.mlp.up_proj.weight"]
at = 8 + size + t["data_offsets"][0]
data[at : at + 4] = b"\xff\xff\xff\x7f"
open("model/model.safetensors", "wb").write(data)
PY
refuse ds-quantize --scheme int8 --model model -o q
