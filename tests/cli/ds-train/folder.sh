# What a run leaves: a model folder that other tools load, checkpoints, metrics; and what is read from it again.
. "$CASE_DIR/case.bash"
tokens held 10 1
train --val-data held --steps 10 --eval-every 5 --keep-last 2 --json | python3 -c 'import json, sys
j = json.load(sys.stdin)
print(sorted(j))'
ls run run/checkpoints run/checkpoints/step-10 run/checkpoints/step-10/train_state
python3 - <<'PY'
import json
lines = [json.loads(l) for l in open("run/metrics.jsonl")]
assert [l["step"] for l in lines] == list(range(1, 11))
assert [l["step"] for l in lines if "val_loss" in l] == [5, 10]
assert sorted(lines[0]) == ["grad_norm", "loss", "lr", "seconds", "step", "tokens", "tokens_per_second"], lines[0]
assert [round(l["lr"], 9) for l in lines[:4]] == [0.00075, 0.0015, 0.00225, 0.003]
assert lines[-1]["tokens"] == 10 * 4 * 16
m = json.load(open("run/manifest.json"))
assert sorted(i["role"] for i in m["inputs"]) == ["config"] + ["data"] * 2 + ["validation"] * 2
assert "threads" not in json.dumps(m) and "config.json" in [o["name"] for o in m["outputs"]]
PY
train --steps 3 --warmup 1 --model run/checkpoints/step-10 -o more
ls more
