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
