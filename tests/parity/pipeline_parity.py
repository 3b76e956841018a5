#!/usr/bin/env python3
"""The tokenizer pipeline against the Hugging Face `tokenizers` library: every type of normalizer, pre-tokenizer, model, post-processor and
decoder, alone and in random sequences, with added tokens, truncation and padding, on many scripts and on random strings.

    pipeline_parity.py --main build/tests/pipeline_main [--strings 10000] [--seed 1] [--jobs N] [--keep FOLDER]       exit 1 on a difference
    pipeline_parity.py --update       writes the cases in testdata/tokenizer/pipeline.jsonl.gz, which the unit tests compare with

Compared are ids, offsets, type ids, words, masks, token spellings, what truncation leaves over, decoded text, and the ids of the fast
path. Tokenizers are trained here, small. A text on which the reference itself breaks down (a panic) is passed over. Needs tokenizers 0.23.
"""
import argparse
import gzip
import json
import multiprocessing
import os
import pathlib
import random
import select
import struct
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, processors, trainers  # noqa: E402
from tokenizers import pre_tokenizers as pre  # noqa: E402

TEXTS = """A tool reads files and writes files, so a shell pipeline can drive the whole chain.
It's they're we've I'll you'd don't do not isn't ' quoted ' THE END ?! , . (and) more...
The tokenizer  cuts   text into words; then merges the pairs that occur most often!
训练数据先要清洗，然后分词，最后才能训练模型。模型的质量取决于数据的质量。中文ABC混合123
データを読み、ファイルに書く。カタカナ・ひらがな、漢字も。ーーー ｶﾀｶﾅ
한국어 텍스트도 있습니다. 가각갂 ᄀ
ภาษาไทยไม่มีช่องว่าง กำลังทดสอบ
النص العربي مع التشكيل: مُحَمَّد ١٢٣
हिन्दी में पाठ, क्षत्रिय और ज्ञान १२३
Größe, Straße, naïve café: ÀÉÎõü accents matter. ﬁne ﬂow ① ½ ² Ⅷ ™ ℌ
Модель учится на тексте. ЁЙ ё й
Ελληνικά ΑΣΣΟΣ İstanbul ıI ǅ ŉ
for (int i = 0; i < 100; ++i) {\\n  sum += values[i] * 3.14159;\\n}
    indented\\tcode\\r\\nwith CRLF\\r\\n\\r\\nand blank lines\\n\\n\\n
emoji 😀👩‍👧 flags 🇩🇪 ©️®️ ☺︎ 1️⃣
2026-11-22 12:34:56.789 1,000,000 ٣٤٥ １２３
\ufffd broken \ufffd\ufffd here <unk> [UNK] <s> </s>""".replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").split("\n")
HOT = list(" \t\n\r\v\f\u0085\u00a0\u2003\u2028\u3000''’\u200b\u200c\u200d\ufe0f\u017fK.,;:!?-_/\\|#$%^&*()[]{}<>@~`\"+=aAbzZéÉßİıΣςﬁ①½"
           "0123456789²½٣Ⅷ中文字龥一ひらがなカタ・゠ーヿ゙Ўüñ한글ᄀ각👩🇩😀\u0300\u0301\u0308\u0323\u0345\u0344\u0f73\x00\x01\x1c\x1f\x7f\x8f\x9f\u180e\ufeff\ufffd\ue000"
           "\U000e0100\u0378\U0010ffff\U0002b900\U0002f800▁Ġ   the of and in") + [" ", "  ", "▁", "<x>", "<sp>", "[M]", "WoRd", "é"]
EVERY = [c for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]
# Patterns of every kind of construction; published ones among them.
REGEXES = [r"\s+", r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+", r" {2,}", r"\d", r"[A-Z]\w*", r"(?i:the|it's)", r"\w+|[^\w\s]+", r"(?<=\p{L})(?=\p{N})", r"^",
           r"$", r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
           r"x*", r"", r"(?<!a)b", r"[\p{Han}&&[^一]]+", r"\b", r".", r"(?m:.+)", r"[[:punct:]]", r"\p{Lu}?\p{Ll}*+", r"(?>a|ab)c", r"(ab|a)(c|bcd)?"]
STRINGS = [" ", "a", "▁", "中", "the", "\n", "é", ".", "<x>", "", "ab"]


def charsmap(rules):
    """SentencePiece's precompiled map of {key: text}: a double array with a page for every node."""
    nodes, texts, values = [{}], bytearray(), {}
    for key, text in rules.items():
        values[key] = len(texts)
        texts += text.encode() + b"\0"
        node, raw = 0, key.encode()
        for i, byte in enumerate(raw):
            child, value = nodes[node].get(byte, (None, None))
            if child is None:
                child = len(nodes)
                nodes.append({})
            nodes[node][byte] = (child, values[key] if i + 1 == len(raw) else value)
            node = child
    size = 1 << (len(nodes) * 256 + 255).bit_length()
    units, base, order = [0] * size, {0: 256}, [0]
    units[0] = 256 << 10
    while order:
        n = order.pop()
        for byte, (child, value) in nodes[n].items():
            at = base[n] ^ byte
            offset = at ^ (256 * (child + 1))
            base[child] = at ^ offset
            units[at] = byte | (value is not None) << 8 | offset << 10
            if value is not None:
                units[base[child]] = value | 1 << 31
            order.append(child)
    return struct.pack(f"<I{size}I", 4 * size, *units) + bytes(texts)


CHARSMAP = {"ﬁ": "fi", "①": "1", "½": "1⁄2", "Ａ": "A", "\t": " ", "\n": " ", "\u00a0": " ", "\u3000": " ", "é": "e", "e\u0301": "é", "ｶ": "カ", "\u200d": "", "™": "TM",
            "カ\u3099": "ガ", "\r\n": "\n", "ß": "ss", "☺": ":)", "©": "(c)", "\u0001": "", "中": "中国", "😀": "", "क": "k"}


class Maker:
    """Random parts, each type equally likely."""

    def __init__(self, r):
        self.r = r

    def pattern(self):
        if self.r.random() < 0.35:
            return self.r.choice(STRINGS)
        return Regex(self.r.choice(REGEXES))

    def normalizer(self, depth=1):
        r = self.r
        kinds = ["nfc", "nfd", "nfkc", "nfkd", "lower", "strip", "accents", "replace", "prepend", "bert", "charsmap", "nmt", "bytes"]
        kind = r.choice(kinds + ["sequence"] * (6 if depth else 0))
        if kind == "sequence":
            return normalizers.Sequence([self.normalizer(depth - 1) for _ in range(r.choice([0, 2, 2, 3]))])
        if kind == "replace":
            return normalizers.Replace(self.pattern(), r.choice(["", " ", "▁", "xy", "中"]))
        if kind == "bert":
            return normalizers.BertNormalizer(r.random() < 0.8, r.random() < 0.8, r.choice([None, True, False]), r.random() < 0.6)
        return {"nfc": normalizers.NFC, "nfd": normalizers.NFD, "nfkc": normalizers.NFKC, "nfkd": normalizers.NFKD,
                "lower": normalizers.Lowercase, "accents": normalizers.StripAccents, "nmt": normalizers.Nmt,
                "bytes": normalizers.ByteLevel, "strip": lambda: normalizers.Strip(r.random() < 0.7, r.random() < 0.7),
                "prepend": lambda: normalizers.Prepend(r.choice(["▁", "x", " ", "▁▁"])),
                "charsmap": lambda: normalizers.Precompiled(charsmap(CHARSMAP))}[kind]()

    def pre_tokenizer(self, depth=1):
        r = self.r
        kinds = ["split", "split", "bytes", "digits", "metaspace", "bert", "whitespace", "wsplit", "punctuation", "delimiter", "scripts", "fixed"]
        kind = r.choice(kinds + ["sequence"] * (6 if depth else 0))
        behavior = r.choice(["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"])
        if kind == "sequence":
            return pre.Sequence([self.pre_tokenizer(depth - 1) for _ in range(r.choice([0, 2, 2, 3]))])
        return {"split": lambda: pre.Split(self.pattern(), behavior, r.random() < 0.3),
                "bytes": lambda: pre.ByteLevel(add_prefix_space=r.random() < 0.5, use_regex=r.random() < 0.7, trim_offsets=r.random() < 0.5),
                "digits": lambda: pre.Digits(r.random() < 0.5),
                "metaspace": lambda: pre.Metaspace(r.choice(["▁", "▁", "_", " "]), r.choice(["always", "first", "never"]), r.random() < 0.7),
                "bert": pre.BertPreTokenizer, "whitespace": pre.Whitespace, "wsplit": pre.WhitespaceSplit,
                "punctuation": lambda: pre.Punctuation(behavior), "delimiter": lambda: pre.CharDelimiterSplit(r.choice(" a▁中.")),
                "scripts": pre.UnicodeScripts, "fixed": lambda: pre.FixedLength(r.choice([1, 2, 5, 8]))}[kind]()

    def decoder(self, depth=1):
        r = self.r
        kinds = ["bytes", "wordpiece", "metaspace", "fallback", "fuse", "strip", "replace", "bpe", "ctc"]
        kind = r.choice(kinds + ["sequence"] * (5 if depth else 0))
        if kind == "sequence":
            return decoders.Sequence([self.decoder(depth - 1) for _ in range(r.choice([0, 2, 3]))])
        return {"bytes": decoders.ByteLevel, "wordpiece": lambda: decoders.WordPiece(r.choice(["##", "▁", ""]), r.random() < 0.6),
                "metaspace": lambda: decoders.Metaspace(r.choice(["▁", "_"]), r.choice(["always", "first", "never"]), r.random() < 0.5),
                "fallback": decoders.ByteFallback, "fuse": decoders.Fuse,
                "strip": lambda: decoders.Strip(r.choice([" ", "▁", "a"]), r.choice([0, 1, 2]), r.choice([0, 0, 1])),
                "replace": lambda: decoders.Replace(self.pattern(), r.choice(["", " ", "中"])),
                "bpe": lambda: decoders.BPEDecoder(r.choice(["</w>", "e", ""])), "ctc": lambda: decoders.CTC(r.choice(["<pad>", "e"]), r.choice(["|", "▁"]), r.random() < 0.5)}[kind]()

    def post_processor(self, t, depth=1):
        r = self.r
        kind = r.choice(["bytes", "template", "template", "bert", "roberta"] + ["sequence"] * (2 if depth else 0))
        if kind == "sequence":
            first = processors.ByteLevel(trim_offsets=r.random() < 0.7, add_prefix_space=r.random() < 0.5)
            return processors.Sequence([first, self.post_processor(t, 0)])
        if kind == "bytes":
            return processors.ByteLevel(trim_offsets=r.random() < 0.7, add_prefix_space=r.random() < 0.5)
        sep, cls = ("</s>", t.token_to_id("</s>")), ("<s>", t.token_to_id("<s>"))
        if kind == "bert":
            return processors.BertProcessing(sep, cls)
        if kind == "roberta":
            return processors.RobertaProcessing(sep, cls, r.random() < 0.6, r.random() < 0.5)
        single = r.choice(["<s> $A </s>", "$A", "$A </s>", "<s> <s>:3 $A:2", "$0 </s>"])
        pair = r.choice(["<s> $A </s> $B:1 </s>:1", "$A $B", "$B:1 </s> $A", "<s> $A:4 $B:5"])
        return processors.TemplateProcessing(single=single, pair=pair, special_tokens=[sep, cls])

    def model(self):
        """A tokenizer with an untrained model, and its trainer."""
        r = self.r
        specials = ["<unk>", "<s>", "</s>", "<pad>"]

        def some(**options):
            return {k: v for k, v in options.items() if v is not None}

        kind = r.choice(["bpe", "bpe_fallback", "bpe_words", "unigram", "wordpiece", "wordlevel"])
        size = r.choice([150, 400])
        if kind == "bpe":
            return Tokenizer(models.BPE(**some(ignore_merges=r.random() < 0.3, unk_token=r.choice([None, "<unk>"]), fuse_unk=r.random() < 0.5))), trainers.BpeTrainer(
                vocab_size=size, special_tokens=specials, show_progress=False, initial_alphabet=r.choice([[], pre.ByteLevel.alphabet()]))
        if kind == "bpe_fallback":
            return Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=r.random() < 0.5)), trainers.BpeTrainer(
                vocab_size=size + 256, special_tokens=specials + [f"<0x{b:02X}>" for b in range(256)], show_progress=False, limit_alphabet=60)
        if kind == "bpe_words":
            return Tokenizer(models.BPE(unk_token="<unk>")), trainers.BpeTrainer(
                vocab_size=size, special_tokens=specials, show_progress=False, limit_alphabet=80,
                **some(continuing_subword_prefix=r.choice(["##", None]), end_of_word_suffix=r.choice(["</w>", None])))
        if kind == "unigram":
            return Tokenizer(models.Unigram()), trainers.UnigramTrainer(vocab_size=size, special_tokens=specials, unk_token="<unk>", show_progress=False)
        if kind == "wordpiece":
            return Tokenizer(models.WordPiece(unk_token="<unk>", max_input_chars_per_word=r.choice([5, 100]))), trainers.WordPieceTrainer(
                vocab_size=size, special_tokens=specials, show_progress=False, limit_alphabet=100)
        return Tokenizer(models.WordLevel(unk_token="<unk>")), trainers.WordLevelTrainer(vocab_size=size, special_tokens=specials, show_progress=False)

    def added(self):
        r = self.r
        out = []
        for content in r.sample(["<x>", "<sp>", "[M]", "WoRd", "é", "  ", "the", "▁y", "中文", "ab", "a", " tail", "①", "Ġq"], r.choice([0, 0, 2, 5])):
            out.append(AddedToken(content, single_word=r.random() < 0.3, lstrip=r.random() < 0.35, rstrip=r.random() < 0.35,
                                  normalized=r.random() < 0.5, special=r.random() < 0.5))
        return out

    def tokenizer(self, corpus):
        r = self.r
        t, trainer = self.model()
        if r.random() < 0.7:
            t.normalizer = self.normalizer()
        if r.random() < 0.8:
            t.pre_tokenizer = self.pre_tokenizer()
        t.train_from_iterator(corpus, trainer)
        for token in self.added():
            (t.add_special_tokens if token.special else t.add_tokens)([token])
        if r.random() < 0.8:
            t.decoder = self.decoder()
        if t.token_to_id("<s>") is None:
            t.add_special_tokens(["<s>", "</s>", "<unk>"])
        if r.random() < 0.7:
            t.post_processor = self.post_processor(t)
        if r.random() < 0.25:
            t.enable_truncation(r.choice([6, 9, 20]), stride=r.choice([0, 0, 1, 2]), direction=r.choice(["left", "right"]),
                                strategy=r.choice(["longest_first", "only_first"]))
        if r.random() < 0.2:
            t.enable_padding(direction=r.choice(["left", "right"]), length=r.choice([None, 12]), pad_to_multiple_of=r.choice([None, 4]),
                             pad_id=3, pad_token="<pad>", pad_type_id=r.choice([0, 2]))
        return t

    def text(self):
        r = self.r
        kind, n = r.random(), r.randint(0, 24)
        if kind < 0.25:
            line = r.choice(TEXTS)
            i = r.randint(0, len(line))
            return line[i:i + r.randint(1, 60)]
        if kind < 0.7:
            return "".join(r.choice(HOT) for _ in range(n))
        if kind < 0.9:
            return "".join(r.choice(HOT) if r.random() < 0.7 else chr(r.choice(EVERY)) for _ in range(n))
        return "".join(chr(r.choice(EVERY)) for _ in range(n))


def to_plain(e):
    return {"ids": e.ids, "types": e.type_ids, "tokens": e.tokens, "at": [list(x) for x in e.offsets], "words": e.word_ids,
            "special": e.special_tokens_mask, "attention": e.attention_mask, "sequences": e.sequence_ids,
            "more": [to_plain(o) for o in e.overflowing]}


def update(corpus):
    """A line for each tokenizer: itself, texts with what the reference says of them, ids with their text."""
    lines, number = [], 0
    while len(lines) < 60:
        number += 1
        r = random.Random(number)
        maker = Maker(r)
        try:
            t = Tokenizer.from_str(maker.tokenizer(corpus).to_str())
            texts, decoded = [], []
            for _ in range(10):
                text, special = maker.text(), r.random() < 0.6
                e = t.encode(text, add_special_tokens=special)
                texts.append({"text": text, "special": special, **{k: v for k, v in to_plain(e).items() if k in ("ids", "types", "at", "words")}})
                decoded.append({"ids": e.ids, "text": t.decode(e.ids), "all": t.decode(e.ids, skip_special_tokens=False)})
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            continue
        lines.append(json.dumps({"tokenizer": t.to_str(), "texts": texts, "decoded": decoded}))
    out = pathlib.Path(__file__).resolve().parent.parent.parent / "testdata" / "tokenizer" / "pipeline.jsonl.gz"
    out.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    print(out, len(lines), "tokenizers,", out.stat().st_size, "bytes")


class Died(Exception):
    pass


def undefined(t):
    """Why the reference has no answer of its own: of two added tokens that the normalizer makes equal it finds now one, now the
    other; one that the normalizer makes empty it finds everywhere, until it panics or for ever."""
    if t.normalizer is None:
        return None
    spellings = [t.normalizer.normalize_str(a.content) for a in t.get_added_tokens_decoder().values() if a.normalized]
    if "" in spellings:
        return "added token that normalizes to nothing"
    return "added tokens that normalize to the same" if len(set(spellings)) < len(spellings) else None


def check(task):
    """Tokenizers of these numbers: counts, and what to say of the differences."""
    options, numbers, corpus = task
    said = []
    say = said.append
    differences = done = passed_over = refused = tokenizers_made = 0
    kinds = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        ours = subprocess.Popen([options.main], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace")

        def ask(query):
            ours.stdin.write(json.dumps(query) + "\n")
            ours.stdin.flush()
            line = ours.stdout.readline() if select.select([ours.stdout], [], [], 60)[0] else ""
            if not line:
                raise Died(f"pipeline_main died, or gave no answer in a minute, on {json.dumps(query)[:500]} with {open(path).read()[:1500]}")
            return json.loads(line)

        try:
            for number in numbers:
                r = random.Random(options.seed * 1000003 + number)
                maker = Maker(r)
                try:
                    t = maker.tokenizer(corpus)
                    pathlib.Path(path).write_text(t.to_str())
                    t = Tokenizer.from_file(path)
                except BaseException as e:  # a combination that the reference itself cannot train or read back
                    if isinstance(e, KeyboardInterrupt):
                        raise
                    kinds[f"{type(e).__name__}: {str(e)[:60]}"] = kinds.get(f"{type(e).__name__}: {str(e)[:60]}", 0) + 1
                    continue
                why = undefined(t)
                if why:
                    kinds[why] = kinds.get(why, 0) + 1
                    continue
                tokenizers_made += 1
                loaded = ask({"load": path})
                if "error" in loaded:
                    say(f"seed {options.seed} tokenizer {number}: not loaded: {loaded['error']}")
                    if options.keep:
                        os.makedirs(options.keep, exist_ok=True)
                        pathlib.Path(options.keep, f"{options.seed}-{number}.json").write_text(pathlib.Path(path).read_text())
                    differences += 1
                    continue
                wrong = []
                batch = []
                for _ in range(options.each):
                    query = {"text": maker.text(), "special": r.random() < 0.6, "in_text": r.random() < 0.8}
                    if r.random() < 0.25:
                        query["pair"] = maker.text()
                    batch.append(query)
                for query in batch:
                    done += 1
                    t.encode_special_tokens = not query["in_text"]
                    text = query["text"]
                    try:
                        e = t.encode(text, query.get("pair"), add_special_tokens=query["special"])
                        expected = to_plain(e)
                    except Exception as error:
                        if "error" not in ask(query):
                            refused += 1  # where the reference refuses, an answer is no difference
                        continue
                    except BaseException as error:
                        if isinstance(error, KeyboardInterrupt):
                            raise
                        passed_over += 1
                        continue
                    got = ask(query)
                    fast = got.pop("fast", None)
                    if got != expected:
                        wrong.append((query, {k: (expected[k], got.get(k)) for k in expected if expected[k] != got.get(k)} if "error" not in got else got))
                        continue
                    if "pair" not in query and not t.truncation:
                        t2 = [i for i, m, w in zip(e.ids, e.special_tokens_mask, e.word_ids) if w is not None]
                        if fast != t2:
                            wrong.append((query, {"fast": (t2, fast)}))
                            continue
                    ids = e.ids if r.random() < 0.7 else [r.randrange(loaded["size"]) for _ in range(r.randint(0, 8))]
                    for skip in (True, False):
                        try:
                            text = t.decode(ids, skip_special_tokens=skip)
                        except BaseException as error:
                            if isinstance(error, KeyboardInterrupt):
                                raise
                            passed_over += 1
                            continue
                        got = ask({"ids": ids, "skip": skip})
                        if got.get("text") != text:
                            wrong.append(({"ids": ids, "skip": skip}, (text, got)))
                if wrong:
                    differences += len(wrong)
                    spec = json.loads(pathlib.Path(path).read_text())
                    spec.pop("model")
                    if len(str(spec)) > 3000:
                        spec = str(spec)[:3000]
                    say(f"seed {options.seed} tokenizer {number}: {len(wrong)} differences; {json.dumps(spec, ensure_ascii=False)}")
                    for query, what in wrong[:3]:
                        say("    " + json.dumps(query) + "\n       " + str(what)[:1200])
                    if options.keep:
                        os.makedirs(options.keep, exist_ok=True)
                        pathlib.Path(options.keep, f"{options.seed}-{number}.json").write_text(pathlib.Path(path).read_text())
                    if differences > 60:
                        break
        except Died as e:
            ours.kill()
            differences += 1
            say(str(e))
        ours.communicate()
    return {"tokenizers": tokenizers_made, "strings": done, "differences": differences, "passed over": passed_over, "refused": refused}, kinds, said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--main")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--strings", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=50, help="strings for each tokenizer")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=1e9, help="begin nothing more after so many")
    parser.add_argument("--keep", help="folder for the tokenizers that differ")
    options = parser.parse_args()
    plain = [line for line in TEXTS if "<unk>" not in line]  # a trainer that meets its own special tokens leaves holes in the ids
    corpus = plain * 3 + [w for line in plain for w in line.split(" ")]
    if options.update:
        return update(corpus)
    if not options.main:
        parser.error("--main")
    numbers = range(max(1, options.strings // options.each))
    tasks = [(options, numbers[k:k + 20], corpus) for k in range(0, len(numbers), 20)]
    totals, kinds = {}, {}
    began, finished = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(max(1, min(options.jobs, len(tasks)))) as pool:
        results = pool.imap(check, tasks)
        for task in tasks:
            try:
                counts, not_made, said = results.next(timeout=300)
            except multiprocessing.TimeoutError:
                print(f"tokenizers {task[1]}: no answer in five minutes", flush=True)
                pool.terminate()
                os._exit(1)
            for total, part in ((totals, counts), (kinds, not_made)):
                for name, n in part.items():
                    total[name] = total.get(name, 0) + n
            if said and totals["differences"] < 200:
                print("\n".join(said), flush=True)
            finished += 1
            if time.monotonic() - began > options.seconds:
                print(f"stopped after {finished} of {len(tasks)} tasks", flush=True)
                pool.terminate()
                break
    done, differences = totals["strings"], totals["differences"]
    print(f"{totals['tokenizers']} tokenizers, {done} strings: {differences} differences; the reference broke down on {totals['passed over']}, "
          f"refused {totals['refused']} that are read here")
    if kinds:
        print("not made:", dict(sorted(kinds.items(), key=lambda x: -x[1])[:8]))
    sys.exit(differences > 0 or done < options.strings // 2 or finished < len(tasks))


if __name__ == "__main__":
    main()
