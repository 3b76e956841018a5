# The folder's tokenizer may be of another kind than tokenizer.json: tekken.json, which is then what it converts to.
. "$CASE_DIR/case.bash"
copy_model
python3 - <<'PY'
import base64, json
tokenizer = json.load(open("model/tokenizer.json"))
byte = {}  # GPT-2's byte alphabet
rest = 256
for b in range(256):
    shown = 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b <= 255
    byte[chr(b if shown else rest)] = b
    rest += not shown
merged = sorted(tokenizer["model"]["vocab"].items(), key=lambda t: t[1])[257:]
tokens = [bytes([b]) for b in range(256)] + [bytes(byte[c] for c in t) for t, _ in merged]
vocab = [{"rank": i, "token_bytes": base64.b64encode(t).decode(), "token_str": None} for i, t in enumerate(tokens)]
json.dump({"config": {"pattern": tokenizer["pre_tokenizer"]["pretokenizers"][2]["pattern"]["Regex"],
                      "num_vocab_tokens": len(vocab), "default_vocab_size": len(vocab) + 1,
                      "default_num_special_tokens": 1, "version": "v11"},
           "vocab": vocab,
           "special_tokens": [{"rank": 0, "token_str": "<|endoftext|>", "is_control": True}]}, open("model/tekken.json", "w"))
PY
rm model/tokenizer.json
results() {
  ds-eval generate -q --model model --prompt "The red cat" --max-tokens 20 --temperature 0
  ds-eval perplexity -q --model model --data "$toy/held" --json | numbers tokens bytes
}
results >with-tekken
ds-tokenize convert -q model/tekken.json -o model/tokenizer.json
rm model/tekken.json
results | cmp - with-tekken
wc -l <with-tekken
