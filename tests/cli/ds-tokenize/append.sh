# A grown corpus: only what is new is encoded, and the set is the one that a fresh run makes.
. "$CASE_DIR/case.bash"
lines() { sed -n "$1p" "$corpus"; }
encode() { ds-tokenize encode --tokenizer "$tok" "$@"; }
fresh() { encode -q -f -o fresh/data "${@}"; for f in data.bin data.idx data.documents.jsonl data.manifest.json; do cmp $f fresh/$f; done; }
mkdir fresh
lines 1,40 > a.jsonl; lines 41,60 > b.jsonl; printf 'one line\n\nanother\n' > c.txt
encode -o data a.jsonl b.jsonl c.txt 2>&1
python3 -c 'import json; [print(s["name"], s["documents"], s["bytes"], s["tokens"]) for s in json.load(open("data.manifest.json"))["facts"]["sources"]]'
# A new file; another order; one left out.
lines 61,80 > d.jsonl
encode -o data a.jsonl b.jsonl c.txt d.jsonl 2>&1; fresh a.jsonl b.jsonl c.txt d.jsonl
encode -o data d.jsonl c.txt a.jsonl 2>&1; fresh d.jsonl c.txt a.jsonl
# Lines that come behind; a file that was changed in front; a text grows as a whole.
lines 81,90 >> a.jsonl
encode -o data d.jsonl c.txt a.jsonl 2>&1; fresh d.jsonl c.txt a.jsonl
sed -i 's, the , teh ,' d.jsonl; echo more >> c.txt
encode -o data d.jsonl c.txt a.jsonl 2>&1; fresh d.jsonl c.txt a.jsonl
# Lines of text; a last line without its end might go on.
encode -q --lines -o data c.txt; echo last >> c.txt
encode --lines -o data c.txt 2>&1; fresh --lines c.txt
printf 'no end' >> c.txt; encode -q --lines -o data c.txt; echo ' yet' >> c.txt
encode --lines -o data c.txt 2>&1; fresh --lines c.txt
# Other options, another name, -f, a damaged set: all of it is encoded.
encode -q -o data a.jsonl b.jsonl
encode --no-append-eos -o data a.jsonl b.jsonl d.jsonl 2>&1
encode -q -o data a.jsonl b.jsonl
cp a.jsonl e.jsonl; encode -o data e.jsonl d.jsonl 2>&1
encode -f -o data e.jsonl d.jsonl 2>&1
printf 'xx' | dd of=data.bin bs=1 seek=100 conv=notrunc 2> dd.log
encode -o data e.jsonl d.jsonl a.jsonl 2>&1; fresh e.jsonl d.jsonl a.jsonl
# Masks and packed files come along.
python3 - "$corpus" <<'Q'
import json, sys
with open("m.jsonl", "w") as out:
    for line in list(open(sys.argv[1]))[:30]:
        d = json.loads(line); n = len(d["text"]); d["mask"] = [[n // 4, n // 2]] if n > 4 else []
        out.write(json.dumps(d) + "\n")
Q
encode -q --loss-ranges mask -o data m.jsonl
gzip -k m.jsonl; cp m.jsonl n.jsonl
encode --loss-ranges mask -o data n.jsonl m.jsonl m.jsonl.gz 2>&1; fresh --loss-ranges mask n.jsonl m.jsonl m.jsonl.gz
cmp data.mask fresh/data.mask
