# Packed tensors that contradict each other or the config: exit 3, naming file and tensor.
. "$CASE_DIR/case.bash"
quantize --scheme int8 -o good -q
damage() {
  rm -rf q && cp -r good q
  python3 - "$1" <<'PY'
import json, struct, sys
path = "q/model.safetensors"
data = open(path, "rb").read()
(size,) = struct.unpack("<Q", data[:8])
header, body = json.loads(data[8 : 8 + size]), bytearray(data[8 + size :])
p = "model.layers.0.mlp.up_proj.weight"
config = json.load(open("q/config.json"))
exec(sys.argv[1])
text = json.dumps(header).encode()
open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)
json.dump(config, open("q/config.json", "w"))
PY
  status=0
  ds-eval perplexity --model q --data "$held" || status=$?
  echo "$status"
}
damage 'header[p + "_extra"] = header.pop(p + "_scale")'
damage 'header[p + "_packed"]["dtype"] = "F32"'
damage 'header[p + "_packed"]["shape"].reverse()'
damage 'at = header[p + "_shape"]["data_offsets"][0]; body[at] ^= 1'
damage 'at = header[p + "_shape"]["data_offsets"][0]; body[at + 7] = 0x80'
damage 'config["quantization_config"]["config_groups"]["group_0"]["weights"]["num_bits"] = 4'
damage 'config["quantization_config"]["format"] = "marlin-24"'
damage 'config.pop("quantization_config")'
