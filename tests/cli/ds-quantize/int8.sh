# A complete folder, smaller, that ds-eval runs; the report lists every layer; the loss is what ds-eval measures.
. "$CASE_DIR/case.bash"
quantize --scheme int8 -o q --data "$held" --json >out.json
ls q
cmp q/tokenizer.json "$toy/model/tokenizer.json"
values scheme bits group_size layers quantised_layers bytes_before bytes_after <out.json
python3 - "$(loss --model "$toy/model")" "$(loss --model q)" <<'PY'
import json, sys
out, report = json.load(open("out.json")), json.load(open("q/quantization_report.json"))
before, after = float(sys.argv[1]), float(sys.argv[2])
assert report["loss"] == out["loss"], (report["loss"], out["loss"])
assert abs(out["loss"]["before"] - before) < 1e-12 and abs(out["loss"]["after"] - after) < 1e-12, (out["loss"], before, after)
assert abs(out["loss"]["relative_increase"]) < 0.005, out["loss"]
assert len(report["layers"]) == 14 and all(l["quantised"] and 0 < l["relative_error"] < 0.01 for l in report["layers"])
config = json.load(open("q/config.json"))
print(config["quantization_config"]["ignore"], config["quantization_config"]["config_groups"]["group_0"]["weights"]["strategy"])
PY
ds-eval generate -q --model q --prompt "The red" --max-tokens 5 --temperature 0
