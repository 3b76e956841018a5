#!/usr/bin/env python3
"""Prefill and decode speed of one sequence on the CPU; see decode_cpu.sh.

The model has random weights (334 million parameters unless told otherwise); speed does not depend on their values. Each
round runs every contender once, so that a busy machine slows all of them alike; the figures are medians over the rounds.
Prefill is of a prompt of its own (pp512) and decoding starts from a prompt of one token (tg64), as llama-bench has it.
"""
import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

parser = argparse.ArgumentParser()
parser.add_argument("--bin", default="build/bin")
parser.add_argument("--hidden", type=int, default=1024)
parser.add_argument("--inner", type=int, default=2816)
parser.add_argument("--layers", type=int, default=24)
parser.add_argument("--heads", type=int, default=16)
parser.add_argument("--kv-heads", type=int, default=4)
parser.add_argument("--vocab", type=int, default=32000)
parser.add_argument("--prompt", type=int, default=512)
parser.add_argument("--tokens", type=int, default=64)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--output", default=os.path.join(HERE, "results", "decode_cpu.json"))
args = parser.parse_args()
BIN = os.path.abspath(args.bin)


def tensors():
    h, kv = args.hidden, args.hidden // args.heads * args.kv_heads
    yield "model.embed_tokens.weight", (args.vocab, h)
    for i in range(args.layers):
        p = f"model.layers.{i}."
        yield p + "input_layernorm.weight", (h,)
        for name, rows in (("q", h), ("k", kv), ("v", kv), ("o", h)):
            yield p + f"self_attn.{name}_proj.weight", (rows, h)
        yield p + "post_attention_layernorm.weight", (h,)
        yield p + "mlp.gate_proj.weight", (args.inner, h)
        yield p + "mlp.up_proj.weight", (args.inner, h)
        yield p + "mlp.down_proj.weight", (h, args.inner)
    yield "model.norm.weight", (h,)
    yield "lm_head.weight", (args.vocab, h)


def write_safetensors(path, entries):
    """entries: (name, dtype, shape, function that returns the bytes)."""
    header, offset = {}, 0
    for name, dtype, shape, _ in entries:
        size = int(numpy.prod(shape)) * {"BF16": 2, "I64": 8}[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for *_, data in entries:
            f.write(data())


def write_model(folder):
    os.makedirs(folder)
    config = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": args.vocab, "hidden_size": args.hidden,
        "intermediate_size": args.inner, "num_hidden_layers": args.layers, "num_attention_heads": args.heads,
        "num_key_value_heads": args.kv_heads, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": False, "hidden_act": "silu", "dtype": "bfloat16",
    }
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(config, f)
    rng = numpy.random.default_rng(0)

    def values(shape):
        if len(shape) == 1:
            return (numpy.ones(shape, numpy.float32).view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes()
        return ((rng.standard_normal(shape, numpy.float32) * 0.02).view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes()

    write_safetensors(os.path.join(folder, "model.safetensors"), [(n, "BF16", s, lambda s=s: values(s)) for n, s in tensors()])


def ours(folder, model):
    rates = []
    for prompt, tokens, key in (("long", 1, "prefill"), ("short", args.tokens + 1, "decode")):
        command = [os.path.join(BIN, "ds-eval"), "generate", "-q", "-f", "--json", "--model", model, "--ids", prompt + ".safetensors",
                   "-o", "out.safetensors", "--max-tokens", str(tokens), "--temperature", "0", "--precision", "bf16",
                   "--device", "cpu", "-t", str(args.threads)]
        r = json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout)
        rates.append(r[key + "_tokens_per_second"])
    return rates[0], rates[1], " ".join(["ds-eval"] + command[1:])


def llama(folder, file):
    base = [os.environ["LLAMA_BENCH"], "-m", file, "-t", str(args.threads), "-r", "1", "-o", "json"]
    rates = []
    for extra in (["-p", str(args.prompt), "-n", "0"], ["-p", "0", "-n", str(args.tokens)]):
        text = subprocess.run(base + extra, cwd=folder, check=True, capture_output=True, text=True).stdout
        rates.append(json.loads(text)[0]["avg_ts"])
    return rates[0], rates[1], " ".join(["llama-bench"] + base[1:] + extra)


def processor():
    with open("/proc/cpuinfo") as f:
        lines = f.read().splitlines()
    flags = next(line for line in lines if line.startswith("flags")).split()
    return {"name": next(line.split(":")[1].strip() for line in lines if line.startswith("model name")), "cores_used": args.threads,
            "cores": os.cpu_count(), "features": [f for f in ("avx512f", "avx512_bf16", "amx_bf16", "amx_int8") if f in flags]}


def read_bandwidth():
    """GB/s of `threads` processes that each sum 512 MB a few times: the ceiling of decoding."""
    code = ("import numpy, time; a = numpy.ones(1 << 26); a.sum(); t = time.perf_counter();"
            "[a.sum() for _ in range(4)]; print(4 * a.nbytes / (time.perf_counter() - t) / 1e9)")
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
               for _ in range(args.threads)]
    return round(sum(float(p.communicate()[0]) for p in running), 1)


parameters = sum(int(numpy.prod(s)) for _, s in tensors())
with tempfile.TemporaryDirectory() as scratch:
    write_model(os.path.join(scratch, "bf16"))
    for name, length in (("long", args.prompt), ("short", 1)):
        prompt = numpy.random.default_rng(1).integers(0, args.vocab, (1, length), numpy.int64)
        write_safetensors(os.path.join(scratch, name + ".safetensors"), [("ids", "I64", prompt.shape, prompt.tobytes)])
    for scheme in ("int8", "int4"):
        subprocess.run([os.path.join(BIN, "ds-quantize"), "-q", "--scheme", scheme, "--model", "bf16", "-o", scheme], cwd=scratch, check=True)
    contenders = {f"ds-tools {m}": lambda m=m: ours(scratch, m) for m in ("bf16", "int8", "int4")}
    if os.environ.get("LLAMA_BENCH", "none") != "none":
        for kind in ("bf16", "q8_0", "q4_0"):
            subprocess.run([os.path.join(BIN, "ds-export"), "gguf", "-q", "--model", "bf16", "--no-tokenizer", "--type", kind, "-o", kind + ".gguf"],
                           cwd=scratch, check=True)
            contenders[f"llama.cpp {kind}"] = lambda kind=kind: llama(scratch, kind + ".gguf")
    sizes = {m: os.path.getsize(os.path.join(scratch, m, "model.safetensors")) for m in ("bf16", "int8", "int4")}
    prefill, decode, commands = {}, {}, {}
    for _ in range(args.rounds):
        for name, run in contenders.items():
            p, d, commands[name] = run()
            prefill.setdefault(name, []).append(p)
            decode.setdefault(name, []).append(d)
    bandwidth = read_bandwidth()

median = {n: {"prefill": round(statistics.median(prefill[n]), 1), "decode": round(statistics.median(decode[n]), 1)} for n in contenders}
# Bytes that one decoded token must read: all weights but the embedding table, of which it reads one row.
read = {m: sizes[m] - 2 * args.vocab * args.hidden for m in sizes}
record = {
    "benchmark": "decode_cpu",
    "commit": subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip(),
    "hardware": processor(),
    "model": {"parameters": parameters, "hidden": args.hidden, "layers": args.layers, "heads": args.heads, "kv_heads": args.kv_heads,
              "inner": args.inner, "vocab": args.vocab, "prompt": args.prompt, "tokens": args.tokens},
    "commands": commands,
    "tokens_per_second": median,
    "decode_over_bf16": {m: round(median[f"ds-tools {m}"]["decode"] / median["ds-tools bf16"]["decode"], 2) for m in ("int8", "int4")},
    "read_bandwidth_gb_per_second": bandwidth,
    "decode_share_of_bandwidth": {m: round(median[f"ds-tools {m}"]["decode"] * read[m] / 1e9 / bandwidth, 2) for m in read},
}
pairs = {"bf16": "bf16", "int8": "q8_0", "int4": "q4_0"}
if "llama.cpp bf16" in median:
    record["over_llama_cpp"] = {m: {w: round(median[f"ds-tools {m}"][w] / median[f"llama.cpp {k}"][w], 2) for w in ("prefill", "decode")}
                                for m, k in pairs.items()}
os.makedirs(os.path.dirname(args.output), exist_ok=True)
with open(args.output, "w") as f:
    json.dump(record, f, indent=1)
    f.write("\n")
print(json.dumps({k: record[k] for k in record if k not in ("commands", "hardware")}, indent=1))
