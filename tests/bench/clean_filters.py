#!/usr/bin/env python3
"""Speed of the filters, CPU time of one core: ds-clean -t 1 (reading and writing JSONL included) against datatrove with
its real word splitters (spaCy, jieba), warm, one process (its readers and writers left out). Each filter alone, and
FineWeb's four in a row, where a filter sees what the one before let pass. datatrove gets a sample of the documents, ds-clean
the same sample many times over; both in MB of text per second. Rounds alternate, the figures are medians.

"second_core": what -t 2 reaches of twice -t 1, on the clock, and beside it what two processes of one thread each reach, which share
nothing but the machine.
"""
import argparse
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
parser = argparse.ArgumentParser()
parser.add_argument("--bin", default="build/bin", type=pathlib.Path)
parser.add_argument("--corpus", default=ROOT / ".deps" / "clean_corpus", type=pathlib.Path)
parser.add_argument("--sample", type=int, default=200, help="documents for datatrove")
parser.add_argument("--megabytes", type=int, default=40, help="text for ds-clean")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--output", default=HERE / "results" / "clean_filters.json", type=pathlib.Path)
args = parser.parse_args()

from datatrove.data import Document  # noqa: E402
from datatrove.pipeline.filters import (C4QualityFilter, FineWebQualityFilter, GopherQualityFilter,  # noqa: E402
                                        GopherRepetitionFilter)
from datatrove.utils.text import split_into_parts  # noqa: E402

KINDS = {
    "gopher-repetition": lambda language: GopherRepetitionFilter(language=language),
    "gopher-quality": lambda language: GopherQualityFilter(language=language),
    "c4": lambda language: C4QualityFilter(language=language, filter_no_terminal_punct=False),
    "fineweb": lambda language: FineWebQualityFilter(language=language),
}
RECIPE = "fineweb recipe"


def theirs(texts, language, names):
    """Seconds of CPU for the filters in a row."""
    filters = [KINDS[name](language) for name in names]
    split_into_parts("Warm up the words. 热身。", "WORDS", language)
    split_into_parts("Warm up the words. 热身。", "SENTENCE", language)
    begin = time.process_time()
    for text in texts:
        document = Document(text=text, id="0")
        for kind in filters:
            result = kind.filter(document)
            if result is not True:
                break
    split_into_parts.cache_clear()
    return time.process_time() - begin


def ours(folder, language, names, threads, processes=1):
    """Seconds of CPU and of the clock."""
    recipe = folder / "recipe.toml"
    recipe.write_text("".join(f'[[step]]\nname = "{name}"\n' + ("filter_no_terminal_punct = false\n" if name == "c4" else "")
                              for name in names))
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    running = [subprocess.Popen([args.bin.resolve() / "ds-clean", "-q", "-f", "-t", str(threads), "--language", language, "-c", recipe,
                                 "-o", folder / f"out{number}.jsonl", folder / f"{language}.jsonl"], stdout=subprocess.DEVNULL)
               for number in range(processes)]
    for process in running:
        if process.wait() != 0:
            raise SystemExit("ds-clean failed")
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall


def main():
    record = {
        "benchmark": "clean_filters",
        "commit": subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip(),
        "hardware": {"name": next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), platform.machine()),
                     "cores": os.cpu_count()},
        "command": "tests/bench/clean_filters.sh", "unit": "MB of text per second of one core", "results": {}, "second_core": {}}
    for language, name in (("en", "en"), ("zh", "cmn_Hani")):
        with open(args.corpus / f"{language}.jsonl", encoding="utf-8", newline="\n") as f:
            texts = [json.loads(line)["text"] for line in f]
        texts = texts[:: max(1, len(texts) // args.sample)][: args.sample]
        size = sum(len(t.encode()) for t in texts)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            copies = max(1, args.megabytes * 1000000 // size)
            with open(folder / f"{language}.jsonl", "w", encoding="utf-8", newline="\n") as f:
                for copy in range(copies):
                    for number, text in enumerate(texts):
                        f.write(json.dumps({"id": f"{copy}/{number}", "text": text}, ensure_ascii=False) + "\n")
            for names in [[n] for n in KINDS] + [list(KINDS)]:
                label = f"{language} {names[0] if len(names) == 1 else RECIPE}"
                peer, own, walls, walls2, walls_of_two = [], [], [], [], []
                for _ in range(args.rounds):
                    peer.append(size / theirs(texts, name, names) / 1e6)
                    cpu, wall = ours(folder, language, names, 1)
                    own.append(copies * size / cpu / 1e6)
                    walls.append(wall)
                    if len(names) > 1:
                        walls2.append(ours(folder, language, names, 2)[1])
                        walls_of_two.append(ours(folder, language, names, 1, processes=2)[1])
                theirs_speed, our_speed = statistics.median(peer), statistics.median(own)
                record["results"][label] = {"datatrove": round(theirs_speed, 4), "ds-clean": round(our_speed, 1),
                                            "ratio": round(our_speed / theirs_speed)}
                if walls2:
                    alone = statistics.median(walls)
                    record["second_core"][label] = {"two threads": round(alone / statistics.median(walls2) / 2, 3),
                                                    "two processes": round(alone / statistics.median(walls_of_two), 3)}
                print(label, record["results"][label], record["second_core"].get(label, ""), file=sys.stderr, flush=True)
    args.output.parent.mkdir(exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1) + "\n")


main()
