#!/usr/bin/env python3
"""The splitters against the Hugging Face `tokenizers` library's own pre-tokenizers.

    splitter_parity.py --main build/tests/split_main [--strings 100000] [--seed N] [--patterns gpt2,…] [--text FILE.jsonl …] [--jobs N]

Random strings of characters at which the patterns decide something, all code points in six contexts, lengths around
multiples of 64, and documents, by several processes. Exit 1 on a difference. Needs tokenizers 0.23.
"""
import argparse
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time

from tokenizers import Regex
from tokenizers import pre_tokenizers as pre

from tokenizer_parity import EVERY, HOT, SPLITS

LLAMA = SPLITS["llama3"][0]
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|"
          r"\s+(?!\S)|\s+")
UPPER, LOWER, APOSTROPHE = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
PREFIX, REST = r"[^\r\n\p{L}\p{N}]?", r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLM_LETTERS = """B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F 386 388-38A 38C 38E-3A1 3A3-3F5
3F7-481 48A-52F 531-556 10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A 1E00-1F15 1F18-1F1D
1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FBC 1FBE 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 1FD6-1FDB
1FE0-1FEC 1FF2-1FF4 1FF6-1FFC 2102 2107 210A-2113 2115 2119-211D 2124 2126 2128 212A-212D 212F-2134 2139 213C-213F 2145-2149
214E 2183 2184 2C00-2C7B 2C7E-2CE4 2CEB-2CEE 2CF2 2CF3 A640-A66D A680-A69B A722-A76F A771-A787 A78B-A78E AB70-ABBF FB00-FB06
FB13-FB17 FF21-FF3A FF41-FF5A 10400-1044F 104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2 118A0-118DF 1E900-1E943"""
LLM_LETTERS = "A-Za-z" + "".join("-".join(chr(int(x, 16)) for x in r.split("-")) for r in LLM_LETTERS.split())
WIDE = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"


def splits(*regexes, digits=False):
    return pre.Sequence([pre.Split(Regex(r), "isolated") for r in regexes] + ([pre.Digits(individual_digits=True)] if digits else []))


REFERENCE = {
    "deepseek-v3": splits(*SPLITS["deepseek-v3"]),
    "llama3": splits(LLAMA),
    "qwen2": splits(SPLITS["qwen2"][0]),
    "qwen3.5": splits(SPLITS["qwen2"][0].replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"\s\p{L}\p{N}", r"\s\p{L}\p{M}\p{N}")),
    "gpt2": splits(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    "cl100k": splits(CL100K),
    "cl100k-literal": splits(CL100K.replace("{1,3}", "{1,3}+")),
    "gpt-4o": splits(f"{PREFIX}{UPPER}*{LOWER}+{APOSTROPHE}|{PREFIX}{UPPER}+{LOWER}*{APOSTROPHE}|\\p{{N}}{{1,3}}{REST}"),
    "tekken": splits(f"{PREFIX}{UPPER}*{LOWER}+|{PREFIX}{UPPER}+{LOWER}*|\\p{{N}}{REST}"),
    "deepseek-llm": splits("[\r\n]", f"\\s?[{LLM_LETTERS}]+", "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
                           "\\s+$", WIDE, digits=True),
    "deepseek-coder": splits("[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", WIDE, digits=True),
    "bert": pre.BertPreTokenizer(),
    "whitespace": pre.Whitespace(),
    "whitespace-split": pre.WhitespaceSplit(),
}
# One or two of every kind of character, so that short strings meet all pairs and triples of classes.
FEW = " \t\n\r\u3000\u00a0.'/-_中ア゙・aAsTé\u00c9ªʰǅא1²٣\u0301\u200b\ufe0f\x01\u0378😀\u2018。！\u017f"


def random_string(r):
    kind = r.random()
    if kind < 0.35:
        n, pick = r.randint(1, 14), lambda: r.choice(FEW)
    elif kind < 0.6:
        n, pick = r.randint(1, 30), lambda: r.choice(HOT)
    elif kind < 0.75:
        n, pick = r.randint(1, 24), lambda: r.choice(HOT) if r.random() < 0.7 else chr(r.choice(EVERY))
    elif kind < 0.85:  # runs, and long strings of a few characters: what crosses blocks
        few = [r.choice(FEW) for _ in range(r.randint(1, 5))]
        return "".join(r.choice(few) * r.choice((1, 1, 1, 2, 3, 7, 30, 62, 63, 64, 65, 130)) for _ in range(r.randint(1, 9)))
    elif kind < 0.97:  # texts whose ends lie around multiples of 64
        n = r.choice((64, 128, 192)) + r.randint(-5, 5)
        alphabet = r.choice((FEW, HOT, " \n.aA's1/", "aaaa  b.\n", "中文a。 A", "aA中\u0301'stre "))
        pick = lambda: r.choice(alphabet)
    else:
        n, pick = r.randint(1, 24), lambda: chr(r.choice(EVERY))
    return "".join(pick() for _ in range(n))


def contexts():
    for c in EVERY:
        c = chr(c)
        yield f"a{c}b {c}{c}1{c}.{c}\n{c} '{c}A\u4e2d{c}"


def expected(reference, text):
    """The words' sizes; gaps that were removed as negative numbers."""
    out, at = [], 0
    for _, (begin, end) in reference.pre_tokenize_str(text):
        if begin > at:
            out.append(at - begin)
        out.append(end - begin)
        at = end
    if at < len(text):
        out.append(at - len(text))
    return out


def joined(sizes):
    """Removed pieces in a row as one."""
    out = []
    for s in sizes:
        if s < 0 and out and out[-1] < 0:
            out[-1] += s
        else:
            out.append(s)
    return out


CHUNK = 20000


def documents(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line)["text"] for line in f]


def compare(task):
    """(pattern, texts, those that differ, the first of them in words)."""
    main, name, what, at, count = task
    if what == "random":
        r = random.Random(f"{at}")
        texts = [random_string(r) for _ in range(count)]
    else:
        texts = list(contexts()) if what == "code points" else documents(what)
        texts = texts[at:at + count]
    data = "".join(json.dumps(t, ensure_ascii=False) + "\n" for t in texts)
    done = subprocess.run([main, name], input=data.encode(), stdout=subprocess.PIPE, check=True)
    ours = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert len(ours) == len(texts)
    bad, shown = 0, []
    for text, got in zip(texts, ours):
        want = expected(REFERENCE[name], text)
        if joined(got) != want:
            bad += 1
            if bad <= 3:
                shown.append(f"{name}: {json.dumps(text)[:2000]}\n  want {want[:300]}\n  got  {got[:300]}")
    return name, len(texts), bad, shown


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--main", required=True)
    a.add_argument("--strings", type=int, default=10000)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--patterns", default=",".join(REFERENCE))
    a.add_argument("--code-points", action="store_true", help="all code points in six contexts")
    a.add_argument("--text", nargs="*", default=[])
    a.add_argument("--jobs", type=int, default=os.cpu_count())
    a.add_argument("--seconds", type=float, default=1e9, help="begin nothing more after so many")
    o = a.parse_args()
    sources = [("random", o.seed * 1000003 + k, min(CHUNK, o.strings - k * CHUNK)) for k in range((o.strings + CHUNK - 1) // CHUNK)]
    if o.code_points:
        sources += [("code points", k, 5 * CHUNK) for k in range(0, len(EVERY), 5 * CHUNK)]
    for path in o.text:
        if os.path.exists(path):
            sources += [(path, k, 1000) for k in range(0, sum(1 for _ in open(path, encoding="utf-8")), 1000)]
        else:
            print(f"{path}: not there, left out")
    names = o.patterns.split(",")
    tasks = [(o.main, name, *source) for name in names for source in sources]
    totals, shown = {name: [0, 0] for name in names}, {}
    began, finished = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(max(1, o.jobs)) as pool:
        for name, texts, bad, lines in pool.imap_unordered(compare, tasks):
            totals[name][0] += texts
            totals[name][1] += bad
            shown.setdefault(name, []).extend(lines)
            finished += 1
            if time.monotonic() - began > o.seconds:
                print(f"stopped after {finished} of {len(tasks)} tasks", flush=True)
                pool.terminate()
                break
    for name, (texts, bad) in totals.items():
        for line in sorted(shown.get(name, []), key=len)[:3]:
            print(line)
        print(f"{name}: {texts} texts, {bad} differ", flush=True)
    return finished < len(tasks) or any(bad for _, bad in totals.values())


if __name__ == "__main__":
    sys.exit(main())
