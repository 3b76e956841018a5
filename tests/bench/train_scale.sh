#!/usr/bin/env bash
# A vocabulary of 128k learnt from ten gigabytes in bounded memory: train_scale.sh BIN [GIGABYTES] [MEMORY] TEXT.jsonl...
# The texts are repeated to that size; every copy spells one line in ten anew (letters and ideographs changed for others), so
# that new words keep coming as they do in a large corpus. Needs as much disk below TMPDIR; writes results/train_scale.json.
set -euo pipefail
bin=$(realpath "$1") gigabytes=${2:-10} memory=${3:-2G}
shift 3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/ds-train-scale-XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 - "$bin" "$work" "$gigabytes" "$memory" "$here/results/train_scale.json" "$@" <<'PYTHON'
import json
import multiprocessing
import os
import random
import re
import resource
import subprocess
import sys
import time

bin_folder, work, gigabytes, memory, target, *texts = sys.argv[1:]
lines = [line for name in texts for line in open(name, encoding="utf-8")]
size = sum(len(line.encode()) for line in lines)
copies = max(1, round(float(gigabytes) * 1e9 / size))
STRING = re.compile(r'(?<="text": ")(?:[^"\\]|\\.)*|(?<="text":")(?:[^"\\]|\\.)*')


def change(text, table):
    """Letters of a JSON string's inside changed; escapes stay."""
    return "".join(part if part.startswith("\\") else part.translate(table) for part in re.split(r"(\\u....|\\.)", text))


def one(number):
    r = random.Random(number)
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    table = {ord(a): b for a, b in zip(letters, r.sample(letters, len(letters)))}
    shift = r.randrange(1, 2000)
    table.update({c: chr(0x4E00 + (c - 0x4E00 + shift) % 20902) for c in range(0x4E00, 0x4E00 + 20902)})
    path = f"{work}/{number:05}.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        for line in lines:
            if number and r.random() < 0.1:
                line = STRING.sub(lambda m: change(m.group(), table), line)
            file.write(line)
    return os.path.getsize(path)


with multiprocessing.Pool(len(os.sched_getaffinity(0))) as pool:
    total = sum(pool.map(one, range(copies), chunksize=1))
command = [bin_folder + "/ds-tokenize", "train", "-q", "-f", "--vocab-size", "128000", "--memory", memory, "-o", work + "/t.json", work]
start = time.time()
done = subprocess.run(command)
seconds = time.time() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode:
    sys.exit(done.returncode)
with open(work + "/t.json") as file:
    entries = len(json.load(file)["model"]["vocab"])
with open("/proc/cpuinfo") as file:
    cpu = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
record = {"command": f"ds-tokenize train --vocab-size 128000 --memory {memory}", "input_bytes": total, "files": copies, "entries": entries,
          "peak_resident_mib": usage.ru_maxrss // 1024, "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
          "seconds": round(seconds, 1),
          "hardware": {"cpu": cpu, "cpus": len(os.sched_getaffinity(0)), "load_average": os.getloadavg()[0]},
          "commit": subprocess.run(["git", "-C", os.path.dirname(target), "rev-parse", "--short=12", "HEAD"],
                                   stdout=subprocess.PIPE, text=True).stdout.strip()}
with open(target, "w") as file:
    json.dump(record, file, indent=1)
    file.write("\n")
print(json.dumps(record))
sys.exit(0 if record["peak_resident_mib"] < 4096 else 1)
PYTHON
