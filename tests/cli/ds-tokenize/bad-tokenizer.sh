# A tokenizer that is missing, damaged or of another kind: 4 or 3, the field named, nothing written.
. "$CASE_DIR/case.bash"
try() { status_of ds-tokenize encode --tokenizer "$1" -o data "$corpus" 2>&1; }
try missing.json
mkdir folder; try folder
: > empty.json; try empty.json
head -c 2000 "$tok" > cut.json; try cut.json
sed 's/"type": "BPE"/"type": "Unigram"/' "$tok" > unigram.json; try unigram.json
sed 's/"normalizer": null/"normalizer": {"type":"Lowercase"}/' "$tok" > lower.json; try lower.json
sed 's/{1,3}/{1,2}/' "$tok" > split.json; try split.json
sed 's/"version": "1.0"/"version": "9"/' "$tok" > version.json; try version.json
sed 's/"Ġ": /"Ġ": 99999/' "$tok" > gap.json; try gap.json
ls data* 2>/dev/null || true
# What hostile files say: each ends at once with its place.
python3 - "$tok" <<'PY'
import json, sys
raw = open(sys.argv[1], encoding="utf-8").read()
def save(name, change):
    t = json.loads(raw)
    text = change(t)
    open(f"bad-{name}.json", "w", encoding="utf-8").write(text if isinstance(text, str) else json.dumps(t, ensure_ascii=False))
def split(pattern):
    def change(t): t["pre_tokenizer"] = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return change
def text_for(part, text):
    def change(t):
        t[part] = "@"
        return json.dumps(t, ensure_ascii=False).replace('"@"', text)
    return change
last = next(reversed(json.loads(raw)["model"]["vocab"]))
save("added-gap", lambda t: t["added_tokens"].append(dict(t["added_tokens"][0], id=999999, content="<far>")))
save("added-many", text_for("added_tokens", "[" + '{"id":1,"content":"a"},' * 1000001))
save("added-moved", lambda t: t["added_tokens"].append(dict(t["added_tokens"][0], id=711, content="the")))
save("deep", text_for("pre_tokenizer", '{"type":"Sequence","pretokenizers":[' * 100000))
save("id-hole", lambda t: t["model"]["vocab"].update({last: 10000000}))
save("id-twice", lambda t: t["model"]["vocab"].update({last: 5}))
save("merge-odd", lambda t: t["model"]["merges"].append(["a", "b", "c"]))
save("merge-unknown", lambda t: t["model"]["merges"].append(["the", "qqqq"]))
for name, pattern in (("call", r"(?<a>\g<a>b)"), ("huge", "(((a{1000}){1000}){1000})"), ("long", "a" * 70000), ("open", "(a"),
                      ("reference", r"(a)\1")):
    save("regex-" + name, split(pattern))
save("regex-normalizer", lambda t: t.update(normalizer={"type": "Replace", "pattern": {"Regex": "[a"}, "content": ""}))
save("slow", split("(a+)+$"))
PY
mv bad-slow.json slow.json
for f in bad-*.json; do try "$f"; done
for size in 1 5 100 7267; do head -c $size "$TESTDATA/tokenizer/convert/unigram.model" > cut.model; try cut.model; done
# A pattern that repeats what repeats is followed in linear time.
python3 -c 'print("a" * 300000 + "b", end="")' > run.txt
status_of ds-tokenize count --tokenizer slow.json run.txt
