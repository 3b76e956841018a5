# bf16 computes close to fp32.
. "$CASE_DIR/case.bash"
for p in fp32 bf16; do
  ds-eval perplexity -q --model "$toy/model" --data "$toy/held" --precision $p --json >$p.json
done
python3 -c '
import json
a, b = (json.load(open(f + ".json"))["loss"] for f in ("fp32", "bf16"))
assert 0 < abs(a - b) < 0.02 * a, (a, b)'
