#!/usr/bin/env python3
"""Exported GGUF files in llama.cpp: the same greedy tokens as ds-eval, and the same ids for text as ds-tokenize.

    llama_cpp.py [--bin build/bin] [--model FOLDER ...]      exit 1 on a difference

Models: testdata/toy/model, the golden ones (rope scaling, biases, odd sizes, tied and untied; transformers' own greedy
tokens are in them), random ones with yarn and a head_dim of its own, one trained here on a few texts with the sizes of the
demo, and any --model. Every type is loaded; f32 must agree token by token. Where two tokens are closer than --margin the
order of additions decides between them, and the rest of that row is not compared.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file, save_file

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tiny_models  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOKENS = 32
PROMPTS = ["Once upon a time", "The tokenizer cuts text into words, then", "模型的质量取决于", "训练数据先要清洗,", "In 2024 the price was $3.50; 数据 and"]
MIXED = PROMPTS + [
    "Hello world, it's 3:45pm — don't panic! We've 12345 items, they'll cost €99.95 (approx.).",
    "def f(x):\n    return x**2 + 1  # комментарий\n\n\nprint(f(10))\r\n\tEnd",
    "DeepSeek-V3 是一个混合专家模型,参数量为671B。カタカナ・ひらがな 한국어 العربية Größe naïve café",
    "emoji 😀👩‍👧 ½ ² Ⅷ ٣   three   spaces \t tabs\n\n newline ", "", " ", "\n", "a", "<|endoftext|>", "x<|endoftext|>y",
    "https://example.com/a?b=1&c=%20d#e user@mail.org 1.000.000,00 v1.2.3-rc4 C++/C# ~$HOME @ 50% ^_^ __init__",
]


class Answers:
    """The program llama_cpp_answers with one file loaded."""

    def __init__(self, program, gguf):
        self.process = subprocess.Popen([program, gguf], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SystemExit("llama.cpp refuses the file:\n" + self.process.stderr.read()[-3000:])
        return answer.split()

    def tokens(self, text, special):
        return [int(i) for i in self.ask(f"tokens {int(special)} {text.encode().hex()}")]

    def greedy(self, ids, count=TOKENS):
        answer = self.ask(f"greedy {count} " + " ".join(map(str, ids)))
        return [int(i) for i in answer[:-1]], float(answer[-1])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Comparison:
    def __init__(self, options, work):
        self.bin, self.program, self.margin = options.bin, options.program, options.margin
        self.work, self.differences, self.rows, self.texts = work, [], 0, 0

    def run(self, tool, *arguments, **more):
        return subprocess.run([os.path.join(self.bin, tool), *map(str, arguments)], check=True, capture_output=True, **more).stdout

    def export(self, folder, kind="f32", *more):
        self.count = getattr(self, "count", 0) + 1
        out = self.work / f"{self.count}.gguf"
        self.run("ds-export", "gguf", "-q", "--model", folder, "-o", out, "--type", kind, *more)
        return out

    def ours(self, folder, rows):
        """Greedy continuations of equally long rows by ds-eval."""
        ids, out = self.work / "ids.safetensors", self.work / "out.safetensors"
        save_file({"ids": np.array(rows, np.int64)}, ids)
        self.run("ds-eval", "generate", "-q", "-f", "--model", folder, "--ids", ids, "-o", out, "--max-tokens", TOKENS)
        return load_file(out)["generated"][:, len(rows[0]):].tolist()

    def greedy(self, name, folder, rows, expected=None, *more):
        answers = Answers(self.program, self.export(folder, "f32", *more))
        for row in rows:
            self.rows += 1
            want = self.ours(folder, [row])[0]
            got, closest = answers.greedy(row)
            if got != want and closest > self.margin:
                self.differences.append(f"{name}: after {row[:12]}...: llama.cpp {got}, ds-eval {want}, closest call {closest:g}")
            if expected is not None:
                known = expected[tuple(row)]
                if got[:len(known)] != known and closest > self.margin:
                    self.differences.append(f"{name}: llama.cpp {got}, transformers {known}")
        answers.close()

    def encode(self, tokenizer, texts, specials):
        lines = "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts))
        out = self.run("ds-tokenize", "encode", "-q", "--format", "jsonl", "--tokenizer", tokenizer, "-o", "-",
                       "--specials-in-text" if specials else "--no-specials-in-text", "-", input=lines.encode())
        return [json.loads(line)["ids"] for line in out.splitlines()]

    def tokenization(self, name, folder, texts):
        answers = Answers(self.program, self.export(folder, "bf16"))
        for specials in (True, False):
            for text, want in zip(texts, self.encode(folder / "tokenizer.json", texts, specials)):
                self.texts += 1
                got = answers.tokens(text, specials)
                if got != want:
                    self.differences.append(f"{name}: {text!r}: llama.cpp {got}, ds-tokenize {want}")
        answers.close()

    def every_type(self, name, folder, row):
        """The quantised types load and go the same way at first; later small differences add up."""
        want = self.ours(folder, [row])[0]
        for kind, same in [("f16", 8), ("bf16", 8), ("q8_0", 2), ("q4_0", 0)]:
            answers = Answers(self.program, self.export(folder, kind))
            got, _ = answers.greedy(row)
            answers.close()
            if len(got) != TOKENS or got[:same] != want[:same]:
                self.differences.append(f"{name}: {kind}: {got}, f32 {want}")


def random_texts(count):
    """Sentences of everyday characters in several scripts."""
    r = random.Random(3)
    words = ("the model reads Text and writes files 数据 模型 训练 的 了 在 是 это модель 12 3456 7 0.5 don't it's I'll (see) [1] "
             "\"quoted\" a_b x=y; for(i=0;i<n;++i) {} ... -- — 。,、「」 émigré Straße こんにちは カード 안녕 !!! ??? :) 😀 \n \n\n \t").split(" ")
    return ["".join(r.choice(words) + r.choice(["", " ", " ", "  ", "\n"]) for _ in range(r.randint(1, 30))) for _ in range(count)]


def trained_model(c, pattern):
    """A model of the demo's sizes, trained for a few steps."""
    folder = c.work / pattern
    folder.mkdir()
    corpus = ROOT / "testdata" / "tokenizer" / "corpus.jsonl"
    c.run("ds-tokenize", "train", "-q", "--vocab-size", 700, "--pattern", pattern, "-o", folder / "tokenizer.json", corpus)
    c.run("ds-tokenize", "encode", "-q", "--tokenizer", folder / "tokenizer.json", "-o", folder / "data", corpus)
    size = json.loads((folder / "data.manifest.json").read_text())["facts"]["vocab_size"]
    (folder / "config.json").write_text(json.dumps(dict(
        model_type="llama", vocab_size=size, hidden_size=256, intermediate_size=704, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=1024, tie_word_embeddings=True)))
    c.run("ds-train", "-q", "--model", folder / "config.json", "--data", folder / "data", "--steps", 40, "--warmup", 4,
          "--batch-size", 4, "--seq-len", 64, "--lr", "0.003", "--no-tensorboard", "--device", "cpu", "-o", folder / "run")
    return folder / "run"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=str(ROOT / "build" / "bin"))
    parser.add_argument("--program", default=str(ROOT / ".deps" / "llama" / "llama_cpp_answers"))
    parser.add_argument("--margin", type=float, default=1e-4, help="logits closer than this are a tie")
    parser.add_argument("--model", action="append", default=[], help="another model folder with a tokenizer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        c = Comparison(options, pathlib.Path(scratch))
        texts = MIXED + random_texts(300)

        models = [("toy", ROOT / "testdata" / "toy" / "model")] + [(m, pathlib.Path(m)) for m in options.model]
        models.append(("trained", trained_model(c, "deepseek-v3")))
        for name, folder in models:
            prompts = [ids for ids in c.encode(folder / "tokenizer.json", PROMPTS, True)]
            c.greedy(name, folder, prompts)
            c.tokenization(name, folder, texts)
            c.every_type(name, folder, prompts[0])

        for case in ["llama", "llama3", "llama_odd", "coder"]:
            folder = c.work / case
            subprocess.run([sys.executable, ROOT / "scripts" / "make_golden.py", "model", case, folder], check=True)
            golden = load_file(ROOT / "testdata" / "golden" / case / "golden.safetensors")
            rows = golden["ids"].tolist()
            known = {tuple(r): g[len(r):] for r, g in zip(rows, golden["generated"].tolist())}
            c.greedy(case, folder, rows, known, "--no-tokenizer")

        r = random.Random(1)
        rows = [[r.randrange(320) for _ in range(n)] for n in (3, 40, 150)]
        for name, config in {
            "yarn": dict(rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=64)),
            "yarn-attention-factor": dict(rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=8.0, attention_factor=0.9,
                                                               original_max_position_embeddings=32)),
            "head-dim": dict(head_dim=32, attention_bias=True, mlp_bias=True),
        }.items():
            tiny_models.make(c.work / name, seed=5, **config)
            c.greedy(name, c.work / name, rows, None, "--no-tokenizer")

        for pattern in ["llama3", "qwen2", "gpt2"]:
            folder = c.work / ("pattern-" + pattern)
            folder.mkdir()
            c.run("ds-tokenize", "train", "-q", "--vocab-size", 900, "--pattern", pattern, "-o", folder / "tokenizer.json",
                  ROOT / "testdata" / "tokenizer" / "corpus.jsonl")
            size = len(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
            tiny_models.make(folder, vocab_size=size + 5)  # more rows than tokens: [PADi]
            c.tokenization(pattern, folder, texts)

        for line in c.differences[:20]:
            print(line)
        print(f"{c.rows} prompts, {c.texts} texts, {len(c.differences)} differences")
        return 1 if c.differences else 0


if __name__ == "__main__":
    sys.exit(main())
