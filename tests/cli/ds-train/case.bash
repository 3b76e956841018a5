# Sourced by cases: a toy configuration and token data (a Megatron pair without a manifest, 64 ids), made here.
status_of() { local status=0; "$@" || status=$?; echo "status $status"; }
cat >config.json <<'JSON'
{ "model_type": "llama", "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
  "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64 }
JSON
cat >train.toml <<'TOML'
steps = 40
batch-size = 4
seq-len = 16
warmup = 4
lr = 3e-3
save-every = 5
log-every = 1
eval-every = 0
threads = 2
device = "cpu"
quiet = true
TOML
# tokens NAME DOCUMENTS SHIFT: documents that count upwards, 30 tokens each.
tokens() {
  python3 - "$@" <<'PY'
import struct, sys
name, documents, shift = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
lengths = [30] * documents
ids = [(7 * d + (1 + d % 3 + shift) * i) % 64 for d in range(documents) for i in range(30)]
open(name + ".bin", "wb").write(struct.pack(f"<{len(ids)}H", *ids))
offsets = [60 * d for d in range(documents)]
open(name + ".idx", "wb").write(
    b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, documents, documents + 1) + struct.pack(f"<{documents}i", *lengths)
    + struct.pack(f"<{documents}q", *offsets) + struct.pack(f"<{documents + 1}q", *range(documents + 1)))
PY
}
tokens data 80 0
train() { ds-train -c train.toml --model config.json --data data -o run "$@"; }
# begin ARGUMENTS…: the same in the background; $! is the program itself.
begin() { ds-train -c train.toml --model config.json --data data -o run "$@" & }
# The columns of metrics.jsonl that do not depend on the clock.
curve() { python3 -c 'import json, sys
for line in open(sys.argv[1]):
    j = json.loads(line)
    print(j["step"], j["loss"], j["lr"], j["grad_norm"], j["tokens"])' "$1/metrics.jsonl"; }
