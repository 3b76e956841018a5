# Megatron's own pairs have no manifest: every command on token data takes them, and its manifest lists their files.
python3 - <<'PY'
import struct
for name, first in (("a", 1), ("b", 100)):
    ids = [[first + i for i in range(n)] for n in (5, 3, 8)]
    open(name + ".bin", "wb").write(b"".join(struct.pack(f"<{len(d)}H", *d) for d in ids))
    lengths = [len(d) for d in ids]
    offsets = [2 * sum(lengths[:k]) for k in range(3)]
    open(name + ".idx", "wb").write(b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, 3, 4) + struct.pack("<3i", *lengths)
                                    + struct.pack("<3q", *offsets) + struct.pack("<4q", *range(4)))
PY
ds-tokenize merge -o merged a b 2>&1
ds-tokenize shuffle --seed 1 -o shuffled a.bin 2>&1
ds-tokenize mix -o mixed a=0.5 b=0.5 2>&1
ds-tokenize split --shards 2 -o part a 2>&1
ds-tokenize pack --length 8 -o a.pack a 2>&1
python3 -c 'import json
for name in ("merged", "shuffled", "mixed", "a.pack"):
    print([(i["role"], i["size"]) for i in json.load(open(name + ".manifest.json"))["inputs"]])'
# Again: nothing to do. Other bytes: made again.
ds-tokenize pack --length 8 -o a.pack a 2>&1
cp b.bin a.bin
ds-tokenize pack --length 8 -o a.pack a 2>&1
