#!/usr/bin/env python3
"""Encoding with Unigram and WordPiece on one core: the whole program ds-tokenize encode (JSONL in, .bin out, user time, start-up and
all) against the Hugging Face `tokenizers` library (encode_batch_fast on texts in memory, user time), same tokenizers, same text. The
ids must be equal. Writes tests/bench/results/encode_models.json.

    encode_models.py [--bin build/bin] [--text FILE.jsonl ...] [--peer-megabytes 4]

The tokenizers are trained here: Unigram with Metaspace and NFKC, 32k entries; WordPiece as BERT has it, 30k entries. The text is cut
to --megabytes for ds-tokenize and to --peer-megabytes for the library, which is slow; both figures are bytes by seconds.
"""
import argparse
import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, str(ROOT / "tests" / "parity"))
import tokenizers  # noqa: E402
from tokenizer_parity import lines  # noqa: E402

KINDS = {"unigram": ["--algorithm", "unigram", "--pattern", "metaspace", "--normalizer", "nfkc", "--special", "<unk>", "--vocab-size", "32000"],
         "wordpiece": ["--algorithm", "wordpiece", "--pattern", "bert", "--normalizer", "bert", "--special", "[UNK]", "--vocab-size", "30000"]}
TARGET = 20


def first(paths, megabytes):
    left, texts = megabytes * 1e6, []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            share = megabytes * 1e6 / len(paths)
            for line in file:
                texts.append(json.loads(line)["text"])
                share -= len(texts[-1].encode())
                if share < 0:
                    break
    return texts


def user(who, run):
    before = resource.getrusage(who).ru_utime
    result = run()
    return resource.getrusage(who).ru_utime - before, result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/bin", type=pathlib.Path)
    parser.add_argument("--text", nargs="*", type=pathlib.Path,
                        default=[ROOT / ".deps" / "clean_corpus" / "en.jsonl", ROOT / ".deps" / "clean_corpus" / "zh.jsonl"])
    parser.add_argument("--megabytes", type=float, default=40)
    parser.add_argument("--peer-megabytes", type=float, default=4)
    parser.add_argument("--output", default=HERE / "results" / "encode_models.json", type=pathlib.Path)
    args = parser.parse_args()
    program = args.bin / "ds-tokenize"
    results, good = {"tokenizers": tokenizers.__version__, "machine": platform.processor() or platform.machine(), "cases": {}}, True
    texts = {"all": first(args.text, args.megabytes)}
    texts["some"] = first(args.text, args.peer_megabytes)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for which, of in texts.items():
            lines(folder / f"{which}.jsonl", [{"text": t} for t in of])
        for kind, flags in KINDS.items():
            path = folder / f"{kind}.json"
            subprocess.run([program, "train", "-q", *flags, "-o", path, folder / "some.jsonl"], check=True)

            def encode(which, to):
                command = [program, "encode", "-q", "-f", "-t", "1", "--tokenizer", path, *to, folder / f"{which}.jsonl"]
                return subprocess.run(command, check=True, stdout=subprocess.PIPE)

            seconds = min(user(resource.RUSAGE_CHILDREN, lambda: encode("all", ["-o", folder / "data"]))[0] for _ in range(3))
            peer = tokenizers.Tokenizer.from_file(str(path))
            peer_seconds, expected = user(resource.RUSAGE_SELF, lambda: peer.encode_batch_fast(texts["some"], add_special_tokens=False))
            ids = [json.loads(line)["ids"] for line in encode("some", ["--format", "jsonl", "-o", "-"]).stdout.splitlines()]
            sizes = {which: sum(len(t.encode()) for t in of) for which, of in texts.items()}
            mine, theirs = sizes["all"] / seconds / 1e6, sizes["some"] / peer_seconds / 1e6
            case = {"ds_tokenize_mb_s": round(mine, 1), "hugging_face_mb_s": round(theirs, 2), "ratio": round(mine / theirs, 1),
                    "equal_ids": ids == [e.ids for e in expected], "holds": mine / theirs >= TARGET}
            good &= case["equal_ids"]
            results["cases"][kind] = case
            print(kind, json.dumps(case), flush=True)
    args.output.write_text(json.dumps(results, indent=1) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
