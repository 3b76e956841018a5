#!/usr/bin/env python3
"""What `make test-full` leaves behind: one JSON record of every test, its outcome and seconds, the commit and the machine.

    scripts/test_record.py JUNIT.xml RECORD.json
"""
import json
import os
import subprocess
import sys
import xml.etree.ElementTree


def first_match(path, key):
    try:
        with open(path) as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith(key)), None)
    except OSError:
        return None


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout.strip()


def main():
    source, target = sys.argv[1:]
    suite = xml.etree.ElementTree.parse(source).getroot()
    tests = [{"name": case.get("name"), "result": {"run": "passed", "fail": "failed"}.get(case.get("status"), case.get("status")),
              "seconds": round(float(case.get("time", 0)), 1)} for case in suite.iter("testcase")]
    record = {
        "commit": git("rev-parse", "--short=12", "HEAD") + ("+changes" if git("status", "--porcelain", "-uno") else ""),
        "command": "make test-full",
        "hardware": {"cpus": len(os.sched_getaffinity(0)), "cpu": first_match("/proc/cpuinfo", "model name"),
                     "memory": first_match("/proc/meminfo", "MemTotal")},
        "passed": sum(t["result"] == "passed" for t in tests),
        "failed": sum(t["result"] != "passed" for t in tests),
        "seconds": round(sum(t["seconds"] for t in tests), 1),
        "tests": sorted(tests, key=lambda t: t["name"]),
    }
    with open(target, "w") as file:
        json.dump(record, file, indent=1)
        file.write("\n")
    print(f"{target}: {record['passed']} passed, {record['failed']} failed")


if __name__ == "__main__":
    main()
