# A packing plan of ds-tokenize says what the rows are: its length is --seq-len, its rows make the epoch; a plan of other
# data is refused. The plan is one of the run's inputs.
. "$CASE_DIR/case.bash"
ds-tokenize pack -q --length 48 -o data.pack data
refuse() { local status=0; train "$@" || status=$?; echo "status $status"; }
refuse --pack data.pack 2>&1
train -n --json --pack data.pack --seq-len 48 | python3 -c 'import json, sys
j = json.load(sys.stdin)
print(j["samples"], j["packed"], j["tokens_per_step"], j["epochs"])'
train --pack data.pack --seq-len 48 --no-tensorboard
python3 -c 'import json
m = json.load(open("run/manifest.json"))
print([i["role"] for i in m["inputs"]])
lines = [json.loads(l) for l in open("run/metrics.jsonl")]
print(len(lines), lines[-1]["loss"] < lines[0]["loss"])'
# The same number of tokens, but others.
tokens data 80 1
refuse --pack data.pack --seq-len 48 -f 2>&1
tokens data 79 0
refuse --pack data.pack --seq-len 48 -f 2>&1
head -c 100 data.pack >cut.pack
refuse --pack cut.pack --seq-len 48 -f 2>&1
