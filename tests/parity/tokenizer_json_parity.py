#!/usr/bin/env python3
"""tokenizer.json as the Hugging Face library reads and writes it.

    tokenizer_json_parity.py [--bin build/bin] [--files 300] [--seed 1]    compares; exit 1 on a difference
    tokenizer_json_parity.py --update    writes the files in testdata/tokenizer/schema, which the unit tests compare with

Files with random parts of every type, and damaged ones: what the library reads, ds-tokenize reads and writes with the same bytes; what
it refuses, ds-tokenize refuses. Where ds-tokenize is stricter (STRICTER) or more patient (PATIENT) is listed here.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from tokenizers import AddedToken, Regex, Tokenizer, decoders as D, models as M, normalizers as N, pre_tokenizers as P, processors as PP

from tokenizer_parity import DATA, ROOT

os.environ["RUST_BACKTRACE"] = "0"
# What the library takes and ds-tokenize refuses, by a part of the message: what would be read with other ids there, contradictions.
STRICTER = ("twice", "again", "ids without", "ids go on", "as in model.vocab", "an id of its own", "an id of the vocabulary", "a key of special_tokens",
            ".type: found", "add_prefix_space: found", "an id up to", "an id and a content", "trim_offsets", "add_prefix_space: found nothing", "length: found 0", "the ids are", "of them, as there are",
            '["a"], expected an object', 'as the key')  # a list is no object, though serde takes it for one
# What the library refuses and ds-tokenize takes: files of 2023 and before, members that have one meaning only.
PATIENT = ("add_prefix_space", "added_tokens", "single_word", "lstrip", "rstrip", "normalized", "special", "Regex", "foo", "direction", "\"prepend_scheme\": null")

NORMALIZERS = [
    lambda r: N.NFC(), lambda r: N.NFD(), lambda r: N.NFKC(), lambda r: N.NFKD(), lambda r: N.Lowercase(), lambda r: N.StripAccents(), lambda r: N.Nmt(),
    lambda r: N.ByteLevel(), lambda r: N.Strip(left=r.random() < .5, right=r.random() < .5), lambda r: N.Prepend(r.choice(["▁", "a b", "\n"])),
    lambda r: N.Replace(r.choice(["a", Regex("a+|\\s"), '"\\']), r.choice(["", "b", "\x01é"])),
    lambda r: N.BertNormalizer(clean_text=r.random() < .5, handle_chinese_chars=r.random() < .5, strip_accents=r.choice([None, True, False]), lowercase=r.random() < .5)]
PRE_TOKENIZERS = [
    lambda r: P.Split(r.choice(["x", Regex("\\d|\\p{L}+")]), r.choice(["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]), r.random() < .5),
    lambda r: P.ByteLevel(add_prefix_space=r.random() < .5, use_regex=r.random() < .5), lambda r: P.Digits(r.random() < .5),
    lambda r: P.Metaspace(r.choice("▁_é"), r.choice(["always", "first", "never"]), r.random() < .5), lambda r: P.BertPreTokenizer(), lambda r: P.Whitespace(),
    lambda r: P.WhitespaceSplit(), lambda r: P.Punctuation(r.choice(["removed", "isolated", "merged_with_previous", "contiguous"])),
    lambda r: P.CharDelimiterSplit(r.choice("-中")), lambda r: P.UnicodeScripts(), lambda r: P.FixedLength(r.randint(1, 9))]
DECODERS = [
    lambda r: D.ByteLevel(), lambda r: D.WordPiece(r.choice(["##", ""]), r.random() < .5), lambda r: D.Metaspace(r.choice("▁_"), r.choice(["always", "never"]), r.random() < .5),
    lambda r: D.ByteFallback(), lambda r: D.Fuse(), lambda r: D.Strip(r.choice(" ▁"), r.randint(0, 3), r.randint(0, 3)), lambda r: D.Replace(r.choice(["a", Regex("b+")]), "c"),
    lambda r: D.BPEDecoder(r.choice(["</w>", ""])), lambda r: D.CTC("<pad>", "|", r.random() < .5)]
PROCESSORS = [
    lambda r: PP.ByteLevel(trim_offsets=r.random() < .5), lambda r: PP.BertProcessing(("b", 1), ("a", 0)),
    lambda r: PP.RobertaProcessing(("b", 1), ("a", 0), trim_offsets=r.random() < .5, add_prefix_space=r.random() < .5),
    lambda r: PP.TemplateProcessing(single="a:1 $A b:2", pair="a $A:0 b $B:1 b:3", special_tokens=[("a", 0), {"id": "b", "ids": [1, 0], "tokens": ["b", "a"]}])]


def random_model(r):
    kind = r.randrange(4)
    if kind == 0:
        vocab = {s: i for i, s in enumerate(["a", "b", "ab", "<0x00>", "Ġ", 'q"\\\n', "\u2028", "\x7f\x01", "aab", "abab"])}
        merges = [("a", "b"), ("a", "ab"), ("ab", "ab")]
        options = dict(dropout=r.choice([None, 0.1, 0.0, 1.0, 1 / 3]), unk_token=r.choice([None, "a", "zz"]), continuing_subword_prefix=r.choice([None, ""]),
                       end_of_word_suffix=r.choice([None, "", "</w>"]), fuse_unk=r.random() < .5, byte_fallback=r.random() < .5, ignore_merges=r.random() < .5)
        return M.BPE(vocab, merges[:r.randint(0, 3)], **{k: v for k, v in options.items() if v is not None})
    if kind == 1:
        scores = [-r.random() * 10 ** r.randint(-8, 8) for _ in range(20)] + [0.0, -1.0, 1e15, -1e16, 1e-5]
        return M.Unigram([("a", -1.0), ("b", -2.0)] + [(f"t{i}", s) for i, s in enumerate(scores)], r.choice([None, 0, 3]), r.random() < .5)
    if kind == 2:
        return M.WordPiece({"a": 0, "b": 1, "##c": 2}, unk_token=r.choice(["a", "[UNK]"]), max_input_chars_per_word=r.randint(1, 200))
    return M.WordLevel({"a": 0, "b": 1, "c d": 2}, unk_token=r.choice(["a", "<unk>"]))


def some(r, makers, sequence):
    if r.random() < .3:
        return None
    parts = [r.choice(makers)(r) for _ in range(r.randint(1, 4))]
    return parts[0] if len(parts) == 1 else sequence(parts)


def random_tokenizer(r):
    t = Tokenizer(random_model(r))
    for name, makers, sequence in (("normalizer", NORMALIZERS, N.Sequence), ("pre_tokenizer", PRE_TOKENIZERS, P.Sequence),
                                   ("decoder", DECODERS, D.Sequence), ("post_processor", PROCESSORS, PP.Sequence)):
        part = some(r, makers, sequence)
        if part is not None:
            setattr(t, name, part)
    if r.random() < .3:
        t.enable_truncation(r.randint(3, 600), stride=r.randint(0, 2), strategy=r.choice(["longest_first", "only_first", "only_second"]), direction=r.choice(["left", "right"]))
    if r.random() < .3:
        t.enable_padding(direction=r.choice(["left", "right"]), pad_id=r.randint(0, 3), pad_type_id=r.randint(0, 1), pad_token=r.choice(["[PAD]", "é\t"]),
                         length=r.choice([None, 5]), pad_to_multiple_of=r.choice([None, 8]))
    t.add_tokens([AddedToken(c, single_word=r.random() < .3, lstrip=r.random() < .3, rstrip=r.random() < .3, normalized=r.random() < .5)
                  for c in r.sample(["<x>", "y z", "b", "\"\\", "é", "\n\n"], r.randint(0, 5))])
    t.add_special_tokens(r.sample(["<s>", "a", "</s>"], r.randint(0, 3)))
    return t


def places(value, path=()):
    """Every member and element, as a path."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, v in items:
        yield path + (key,)
        yield from places(v, path + (key,))


def damaged(r, text):
    root = json.loads(text)
    for _ in range(r.randint(1, 2)):
        path = r.choice(list(places(root)) or [()])
        if not path:
            continue
        holder = root
        for key in path[:-1]:
            holder = holder[key]
        kind = r.random()
        if kind < .35:
            del holder[path[-1]]
        elif kind < .9:
            holder[path[-1]] = r.choice([None, True, 0, 1, -1, 1.5, 2 ** 40, "", "a", "Isolated", [], ["a"], ["a", "b"], {}, {"String": "a"}, {"type": "NFC"}, {"type": "Fuse"}])
        elif isinstance(holder, dict):
            holder["foo"] = 1
    return json.dumps(root, ensure_ascii=r.random() < .5)


def reference(path):
    """What the library saves of the file, or None when it refuses."""
    try:
        return Tokenizer.from_file(str(path)).to_str(pretty=True)
    except BaseException:  # it panics, too
        return None


def compare(binary, files, seed):
    r, bad = random.Random(seed), 0
    counts = {"equal": 0, "refused": 0, "stricter": 0, "patient": 0}
    with tempfile.TemporaryDirectory() as folder:
        path, out = pathlib.Path(folder) / "t.json", pathlib.Path(folder) / "out.json"
        for i in range(files):
            t = random_tokenizer(r)
            texts = [t.to_str(pretty=True), t.to_str(pretty=False)] + [damaged(r, t.to_str()) for _ in range(4)]
            for n, text in enumerate(texts):
                path.write_text(text)
                run = subprocess.run([binary, "convert", "-q", "-o", "-", path], capture_output=True, text=True)
                there = reference(path)
                if run.returncode == 0 and there == run.stdout:
                    counts["equal"] += 1
                elif run.returncode == 3 and there is None:
                    counts["refused"] += 1
                elif run.returncode == 3 and n > 1 and any(s in run.stderr for s in STRICTER):
                    counts["stricter"] += 1
                elif run.returncode == 0 and n > 1 and there is None and any(s in text for s in PATIENT):
                    counts["patient"] += 1
                else:
                    bad += 1
                    if bad <= 30:
                        first = next((a for a in zip(run.stdout.split("\n"), (there or "").split("\n")) if a[0] != a[1]), "")
                        print(f"file {i}.{n}: status {run.returncode}, library {'refuses' if there is None else 'reads'}: {run.stderr.strip()} {first}\n  {text[:1500]}")
    print(counts, f"{bad} differ")
    return 1 if bad else 0


def update():
    folder = DATA / "schema"
    folder.mkdir(exist_ok=True)
    t = Tokenizer(M.BPE({"a": 0, "b": 1, "ab": 2, "<0x00>": 3, "\u007f": 4, "\u2028": 5, "\x01\x1f": 6, "é\"\\/\b\f\n\r\t": 7}, [("a", "b")], dropout=0.1, unk_token="a",
                        continuing_subword_prefix="", end_of_word_suffix="x", fuse_unk=True, byte_fallback=True, ignore_merges=True))
    t.normalizer = N.Sequence([N.NFC(), N.NFD(), N.NFKC(), N.NFKD(), N.Lowercase(), N.Strip(), N.Strip(left=False), N.StripAccents(), N.Replace("a", "b"),
                               N.Replace(Regex("a+"), "b"), N.Prepend("▁"), N.BertNormalizer(), N.BertNormalizer(strip_accents=True), N.Nmt(), N.ByteLevel()])
    t.pre_tokenizer = P.Sequence([
        P.Split("x", "isolated"), P.Split(Regex("x"), "removed", invert=True), P.Split("x", "merged_with_previous"), P.Split("x", "merged_with_next"),
        P.Split("x", "contiguous"), P.ByteLevel(), P.ByteLevel(add_prefix_space=False, use_regex=False), P.Digits(), P.Digits(individual_digits=True), P.Metaspace(),
        P.Metaspace(replacement="_", prepend_scheme="first", split=False), P.Metaspace(prepend_scheme="never"), P.BertPreTokenizer(), P.Whitespace(), P.WhitespaceSplit(),
        P.Punctuation(), P.Punctuation("removed"), P.CharDelimiterSplit("x"), P.UnicodeScripts(), P.FixedLength(3)])
    t.post_processor = PP.Sequence([
        PP.ByteLevel(), PP.ByteLevel(trim_offsets=False),
        PP.TemplateProcessing(single="<s> $A:1 </s>:2", pair="<s> $A $B:1", special_tokens=[("<s>", 1), {"id": "</s>", "ids": [1, 2], "tokens": ["a", "b"]}]),
        PP.BertProcessing(("[SEP]", 1), ("[CLS]", 2)), PP.RobertaProcessing(("</s>", 1), ("<s>", 2), trim_offsets=False)])
    t.decoder = D.Sequence([D.ByteLevel(), D.WordPiece(), D.WordPiece(prefix="x", cleanup=False), D.Metaspace(), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0),
                            D.Replace("a", "b"), D.Replace(Regex("a"), "b"), D.BPEDecoder(), D.CTC()])
    t.enable_truncation(10, stride=2, strategy="only_second", direction="left")
    t.enable_padding(length=8, pad_to_multiple_of=16, direction="left")
    t.add_tokens(["hello", AddedToken("x y", lstrip=True, normalized=False)])
    t.add_special_tokens(["<s>"])
    t.save(str(folder / "all_parts.tokenizer.json"))
    scores = [0.0, -1.5, -1e-7, -12345678.25, -1e16, -1e300, 0.1, 1e15, 123456789012345680.0, -0.0, 1e-5, 0.00012, -8.123456789012345, 5e-324, 1.7976931348623157e308]
    t = Tokenizer(M.Unigram([(c, s) for c, s in zip(["<unk>"] + list("abcdefghijklmn"), scores)], 0, True))
    t.enable_padding()
    t.enable_truncation(3)
    t.save(str(folder / "unigram.tokenizer.json"))
    t = Tokenizer(M.WordPiece({"[UNK]": 0, "b": 2, "##a": 1}, unk_token="[UNK]", max_input_chars_per_word=7))
    t.add_special_tokens(["[UNK]"])
    t.save(str(folder / "wordpiece.tokenizer.json"))
    Tokenizer(M.WordLevel({"b": 1, "a": 0}, unk_token="a")).save(str(folder / "wordlevel.tokenizer.json"))
    t = Tokenizer(M.BPE())
    t.normalizer, t.pre_tokenizer = N.Sequence([]), P.Sequence([])
    t.save(str(folder / "empty.tokenizer.json"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=str(ROOT / "build" / "bin"))
    p.add_argument("--files", type=int, default=300)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--update", action="store_true")
    o = p.parse_args()
    return update() if o.update else compare(str(pathlib.Path(o.bin) / "ds-tokenize"), o.files, o.seed)


if __name__ == "__main__":
    sys.exit(main())
