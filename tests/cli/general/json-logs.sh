# With --log-format json every line of stderr is a JSON object, errors too; stdout has one object with --json.
echo 'A text that is long enough to be a document of its own.' > in.txt
ds-clean --log-format json --json -vv -o out.jsonl in.txt > out 2> log
ds-clean --log-format json -o out.jsonl missing.txt 2>> log || echo "status $?"
DS_LOG_FORMAT=json ds-clean --wrong 2>> log || echo "status $?"
python3 - <<'P'
import json
lines = [json.loads(l) for l in open("log")]
assert len(lines) >= 3 and all("level" in l and "message" in l for l in lines), lines
assert [l["level"] for l in lines].count("error") == 2
assert isinstance(json.load(open("out")), dict)
P
