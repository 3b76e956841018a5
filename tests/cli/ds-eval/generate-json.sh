. "$CASE_DIR/case.bash"
ds-eval generate -q --model "$toy/model" --prompt "The red cat" --max-tokens 6 --temperature 0 --json >out.json
numbers text ids prompt_ids finish_reason prefill_tokens decode_tokens <out.json
python3 -c '
import json
o = json.load(open("out.json"))
assert o["prefill_tokens_per_second"] > 0 and o["decode_tokens_per_second"] > 0'
