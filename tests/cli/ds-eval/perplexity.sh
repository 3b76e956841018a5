# Every token of the stream once; bits per byte follow from loss, tokens and bytes.
. "$CASE_DIR/case.bash"
ds-eval perplexity -q --model "$toy/model" --data "$toy/held" --json >out.json
numbers loss perplexity bits_per_byte tokens bytes documents seq_len stride document_mask <out.json
python3 -c '
import json, math
o = json.load(open("out.json"))
assert abs(o["bits_per_byte"] - o["loss"] * o["tokens"] / (o["bytes"] * math.log(2))) < 1e-9
assert abs(o["perplexity"] - math.exp(o["loss"])) < 1e-9'
