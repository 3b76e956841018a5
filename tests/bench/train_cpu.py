#!/usr/bin/env python3
"""tokens/s of ds-train and of plain PyTorch loops on the same model, data and cores; see train_cpu.sh.

Each round runs every contender once, so that a busy machine slows all of them alike. A contender's figure is the median
over its steps (the first ones left out) of all rounds; the ratio is against the faster of the peers.
"""
import argparse
import json
import os
import random
import statistics
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WARM_UP = 4  # steps that do not count

parser = argparse.ArgumentParser()
parser.add_argument("--bin", default="build/bin")
parser.add_argument("--hidden", type=int, default=256)
parser.add_argument("--layers", type=int, default=6)
parser.add_argument("--vocab", type=int, default=4096)
parser.add_argument("--seq", type=int, default=256)
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--steps", type=int, default=16)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--output", default=os.path.join(HERE, "results", "train_cpu.json"))
args = parser.parse_args()


def write_inputs(folder):
    config = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": args.vocab, "hidden_size": args.hidden,
        "intermediate_size": args.hidden * 11 // 4, "num_hidden_layers": args.layers, "num_attention_heads": args.hidden // 64,
        "num_key_value_heads": args.hidden // 64, "max_position_embeddings": args.seq, "rms_norm_eps": 1e-5,
        "tie_word_embeddings": False, "rope_theta": 10000.0,
    }
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(config, f)
    rng = random.Random(0)
    count = args.seq * args.batch * (args.steps + 4) + 1
    ids = [min(int(rng.expovariate(8.0 / args.vocab)), args.vocab - 1) for _ in range(count)]  # skewed, as words are
    with open(os.path.join(folder, "data.bin"), "wb") as f:
        f.write(struct.pack(f"<{count}H", *ids))
    with open(os.path.join(folder, "data.idx"), "wb") as f:
        f.write(b"MMIDIDX\0\0" + struct.pack("<QBQQiqqq", 1, 8, 1, 2, count, 0, 0, 1))


def ours(folder):
    command = [os.path.join(os.path.abspath(args.bin), "ds-train"), "-q", "-f", "--model", "config.json", "--data", "data",
               "-o", "run", "--steps", str(args.steps), "--batch-size", str(args.batch), "--seq-len", str(args.seq),
               "--warmup", "2", "--log-every", "1", "--save-every", "0", "--precision", "bf16", "--device", "cpu",
               "-t", str(args.threads)]
    subprocess.run(command, cwd=folder, check=True)
    lines = [json.loads(line) for line in open(os.path.join(folder, "run", "metrics.jsonl"))]
    return [line["tokens_per_second"] for line in lines[WARM_UP:]], lines[-1]["loss"], " ".join(["ds-train"] + command[1:])


def peer(folder, variant):
    command = [os.environ.get("PEER_PYTHON", "python3"), os.path.join(HERE, "train_cpu_peer.py"), "config.json", "data.bin",
               variant, str(args.steps), str(args.batch), str(args.seq), str(args.threads)]
    text = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    result = json.loads(text.splitlines()[-1])
    tokens = args.batch * args.seq
    return [tokens / s for s in result["seconds"][WARM_UP:]], result["loss"], f"train_cpu_peer.py {variant} (torch {result['torch']})"


def processor():
    with open("/proc/cpuinfo") as f:
        lines = f.read().splitlines()
    flags = next(line for line in lines if line.startswith("flags")).split()
    name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return {"name": name, "cores_used": args.threads, "cores": os.cpu_count(),
            "features": [f for f in ("avx512f", "avx512_bf16", "amx_bf16") if f in flags]}


contenders = {"ds-train": ours, "peer autocast": lambda d: peer(d, "autocast"), "peer bf16 with fp32 master": lambda d: peer(d, "master")}
rates, commands, losses = {}, {}, {}
with tempfile.TemporaryDirectory() as scratch:
    write_inputs(scratch)
    for _ in range(args.rounds):
        for name, run in contenders.items():
            values, losses[name], commands[name] = run(scratch)
            rates.setdefault(name, []).extend(values)
medians = {name: statistics.median(values) for name, values in rates.items()}
best_peer = max((n for n in medians if n != "ds-train"), key=medians.get)
record = {
    "benchmark": "train_cpu",
    "commit": subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip(),
    "hardware": processor(),
    "model": {"hidden": args.hidden, "layers": args.layers, "vocab": args.vocab, "seq": args.seq, "batch": args.batch},
    "commands": commands,
    "tokens_per_second": {name: round(value) for name, value in medians.items()},
    "last_loss": losses,
    "peer": best_peer,
    "ratio": round(medians["ds-train"] / medians[best_peer], 3),
}
os.makedirs(os.path.dirname(args.output), exist_ok=True)
with open(args.output, "w") as f:
    json.dump(record, f, indent=2)
    f.write("\n")
print(json.dumps(record, indent=2))
