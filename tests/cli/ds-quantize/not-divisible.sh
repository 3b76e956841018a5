# Layers whose inputs are no multiple of the group stay, are named, and are listed as ignored.
. "$CASE_DIR/case.bash"
quantize --scheme int4 --group-size 64 -o q
values quantization_config.ignore <q/config.json
python3 -c '
import json
for l in json.load(open("q/quantization_report.json"))["layers"]:
    print(l["name"], l["quantised"], l.get("reason", ""))'
loss --model q >/dev/null
