# A large text is cut and encoded by all threads: the ids of one thread, which are those that count finds.
. "$CASE_DIR/case.bash"
python3 - "$corpus" <<'P'
import json, random, sys
random.seed(3)
texts = [json.loads(line)["text"] for line in open(sys.argv[1])]
def large(n): return "\n".join(random.choice(texts) + str(i) for i in range(n))
with open("a.txt", "w") as out: out.write(large(42000))
with open("b.jsonl", "w") as out:
    for n in [1, 40000, 2, 0, 41000]: out.write(json.dumps({"text": large(n)}, ensure_ascii=n > 40000) + "\n")
P
[ $(stat -c %s a.txt) -gt 5000000 ] || stat a.txt
for threads in 1 3; do
  ds-tokenize encode -q -t $threads --no-append-eos --tokenizer "$tok" -o data$threads a.txt b.jsonl
  ds-tokenize encode -q -t $threads --format jsonl --tokenizer "$tok" -o ids$threads.jsonl a.txt b.jsonl
done
for f in bin idx documents.jsonl manifest.json; do cmp <(sed 's/data3/data1/' data3.$f) data1.$f; done
cmp ids1.jsonl ids3.jsonl
python3 - "$(ds-tokenize count --json --tokenizer "$tok" a.txt b.jsonl)" <<'P'
import array, json, sys
count = json.loads(sys.argv[1])
data = array.array("H", open("data1.bin", "rb").read())
ids = [json.loads(line)["ids"] for line in open("ids1.jsonl")]
assert len(data) == count["tokens"] and data.tolist() == sum(ids, [])
assert [json.loads(l)["id"] for l in open("data1.documents.jsonl")] == ["a.txt:1"] + ["b.jsonl:%d" % i for i in range(1, 6)]
print([s["documents"] for s in json.load(open("data1.manifest.json"))["facts"]["sources"]])
P
