# Ids against stored ones, by id in any order and by place; against a second tokenizer; round trips; 1 when they differ.
. "$CASE_DIR/case.bash"
ds-tokenize encode -q --tokenizer "$tok" --format jsonl -o ids.jsonl "$corpus"
verify() { status_of ds-tokenize verify --tokenizer "$tok" "$@" 2>&1; }
verify --reference ids.jsonl --roundtrip "$corpus"
tac ids.jsonl > backwards.jsonl; verify --reference backwards.jsonl -t 3 "$corpus"
sed 's/"id":"[^"]*",//; s/"id":[0-9]*,//' ids.jsonl | gzip > plain.jsonl.gz; verify --reference plain.jsonl.gz "$corpus"
cat "$corpus" | verify --reference ids.jsonl -

# The first difference: its place, its bytes, the stage.
printf '%s\n' '{"id":"a","text":"one"}' '{"id":"b","text":"数据 the\tWords 12345"}' > in.jsonl
variant() { python3 - "$tok" "$1" "$2" <<'PY'
import json, sys
t = json.load(open(sys.argv[1]))
exec(sys.argv[3])
json.dump(t, open(sys.argv[2], "w"))
PY
}
variant lower.json 't["normalizer"] = {"type": "Lowercase"}'
variant digits.json 't["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = r"\p{N}"'
variant merge.json 't["model"]["merges"].remove(["Ġt", "he"])'
variant added.json 't["added_tokens"].append(dict(t["added_tokens"][0], id=711, content="Words"))'
variant bos.json 't["post_processor"] = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "B", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": {"B": {"id": "B", "ids": [0], "tokens": ["<|endoftext|>"]}}}'
for other in lower digits merge added bos; do
  echo "--- $other"
  verify --against $other.json --add-special-tokens in.jsonl
  ds-tokenize encode -q --tokenizer $other.json --format jsonl --add-special-tokens -o $other.jsonl in.jsonl
  verify --reference $other.jsonl in.jsonl | grep -E '^(place|stage|status)'
done
verify --json --reference merge.jsonl in.jsonl

# What cannot be verified.
verify in.jsonl
verify --reference ids.jsonl in.jsonl
head -1 in.jsonl > one.jsonl
for line in '{"id":"a","ids":[1,"x"]}' '{"id":"a"}' no '{"id":"a","ids":[1'; do
  echo "$line" > bad.jsonl
  verify --reference bad.jsonl one.jsonl
done
cp "$TESTDATA/tokenizer/convert/bpe.model" .
status_of ds-tokenize verify --tokenizer bpe.model --roundtrip in.jsonl 2>&1
verify --memory 1K --reference backwards.jsonl "$corpus"
