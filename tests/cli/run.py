#!/usr/bin/env python3
"""Runs the command-line tests: cases as data, the examples of every tool, and the frozen list of options.

    tests/cli/run.py [--bin build/bin] [--update] [-j 2] [-k TEXT] [SUITE...]

A suite is a folder here (general, ds-clean, ...: its cases, and for a tool also tools/<tool>/examples.txt) or
`options` (options.lock). None named: all of them. tests/README.md says how a case is laid out.
Needs only Python 3.8 or newer.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIMEOUT = 120  # seconds for one case: far above what any needs, far below a hung CI job


def environment(bin_folder, case_folder, scratch):
    """The caller's environment without what would change a tool's behaviour."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("DS_") and k not in ("NO_COLOR", "CDPATH")}
    env.update(
        PATH=bin_folder + os.pathsep + os.environ.get("PATH", "/usr/bin:/bin"),
        CASE_DIR=case_folder,
        TESTDATA=os.path.join(ROOT, "testdata"),
        TMPDIR=scratch,
        HOME=scratch,
        LC_ALL="C.UTF-8",
        TERM="dumb",
    )
    return env


def execute(command, bin_folder, case_folder, work, scratch):
    """(exit status, stdout, stderr) of a command; -1 after the time limit. Kills the whole process group then."""
    process = subprocess.Popen(
        command, cwd=work, env=environment(bin_folder, case_folder, scratch), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = process.communicate(timeout=TIMEOUT)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        status = -1
    return (128 - status if status < -1 else status,
            out.decode("utf-8", "backslashreplace"), err.decode("utf-8", "backslashreplace"))


def matches(pattern, line):
    """Whether a line equals an expected line whose [[re:...]] and [[*]] parts are patterns."""
    expression = ""
    for part in re.split(r"(\[\[re:.*?\]\](?!\])|\[\[\*\]\])", pattern):
        if part == "[[*]]":
            expression += ".*"
        elif part.startswith("[[re:"):
            expression += "(?:" + part[5:-2] + ")"
        else:
            expression += re.escape(part)
    return re.fullmatch(expression, line) is not None


def same_text(expected, found):
    expected, found = expected.splitlines(), found.splitlines()
    return len(expected) == len(found) and all(map(matches, expected, found))


def difference(name, expected, found):
    """The first line that differs, with what was expected there."""
    expected, found = expected.splitlines(), found.splitlines()
    for i in range(max(len(expected), len(found))):
        want = expected[i] if i < len(expected) else "(end)"
        have = found[i] if i < len(found) else "(end)"
        if want == "(end)" or have == "(end)" or not matches(want, have):
            return f"{name} line {i + 1}:\n    expected: {want}\n    found:    {have}"
    return ""


def updated(expected, found):
    """`found`, but lines that a pattern of `expected` at the same place still matches keep the pattern."""
    old, new = expected.splitlines(), found.splitlines()
    lines = [old[i] if i < len(old) and matches(old[i], line) else line for i, line in enumerate(new)]
    return "".join(line + "\n" for line in lines)


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return None


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def leftovers(folder):
    """Temporary and lock files of ours that a finished command must not leave."""
    found = []
    for base, folders, files in os.walk(folder):
        found += [os.path.relpath(os.path.join(base, n), folder) for n in folders + files
                  if ".ds-tmp" in n or ".ds-lock" in n]
    return sorted(found)


class Scratch:
    """A fresh folder, removed at the end even when a case took away its permissions."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="ds-cli-")
        self.work = os.path.join(self.path, "work")
        os.mkdir(self.work)
        return self

    def __exit__(self, *unused):
        for base, folders, _ in os.walk(self.path):
            for name in folders:
                path = os.path.join(base, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
        shutil.rmtree(self.path, ignore_errors=True)


def run_case(script, options):
    """Problems of one case, [] when it passes."""
    stem = script[:-3]
    expected = {k: read(stem + "." + k) for k in ("out", "err", "exit")}
    with Scratch() as scratch:
        status, out, err = execute(["bash", "-eu", script], options.bin, os.path.dirname(script), scratch.work,
                                   scratch.path)
        left = leftovers(scratch.work)
    if options.update and status != -1:
        fresh = all(v is None for v in expected.values())
        for kind, text in (("out", out), ("err", err)):
            if (fresh and text) or (expected[kind] is not None and not same_text(expected[kind], text)):
                write(stem + "." + kind, updated(expected[kind] or "", text))
        if status != 0:
            write(stem + ".exit", f"{status}\n")
        elif expected["exit"] is not None:
            os.remove(stem + ".exit")
        return [f"left behind: {', '.join(left)}"] if left else []
    problems = []
    wanted = int(expected["exit"] or 0)
    if status == -1:
        problems.append(f"still running after {TIMEOUT} s")
    elif status != wanted:
        problems.append(f"exit status: expected {wanted}, found {status}")
    for kind, text in (("out", out), ("err", err)):
        if expected[kind] is not None and not same_text(expected[kind], text):
            problems.append(difference("." + kind, expected[kind], text))
    if problems and err and expected["err"] is None:
        problems.append("stderr:\n    " + "\n    ".join(err.splitlines()[-10:]))
    if left:
        problems.append("left behind: " + ", ".join(left))
    return problems


def example_commands(path):
    """The lines that start with "$ ", with backslash continuations joined."""
    commands, lines = [], iter((read(path) or "").splitlines())
    for line in lines:
        if not line.startswith("$ "):
            continue
        command = line[2:]
        while command.endswith("\\"):
            command = command[:-1] + next(lines, "").lstrip()
        commands.append(command)
    return commands


def run_examples(tool, options):
    """Runs a tool's examples one after the other in one folder: later ones may use what earlier ones wrote."""
    folder = os.path.join(ROOT, "tools", tool)
    problems = []
    with Scratch() as scratch:
        setup = os.path.join(folder, "examples.setup")
        if os.path.exists(setup):
            status, _, err = execute(["bash", "-eu", setup], options.bin, folder, scratch.work, scratch.path)
            if status != 0:
                return [f"examples.setup: exit status {status}\n    " + "\n    ".join(err.splitlines()[-10:])]
        for command in example_commands(os.path.join(folder, "examples.txt")):
            status, _, err = execute(["bash", "-e", "-o", "pipefail", "-c", command], options.bin, folder,
                                     scratch.work, scratch.path)
            if status != 0:
                problems.append(f"$ {command}\n    exit status {status}\n    " +
                                "\n    ".join(err.splitlines()[-10:]))
        left = leftovers(scratch.work)
        if left:
            problems.append("left behind: " + ", ".join(left))
    return problems


def run_options_lock(options):
    """options.lock is what --list-options of every tool says; tools that are not built are not compared."""
    path = os.path.join(HERE, "options.lock")
    built = sorted(t for t in os.listdir(options.bin) if t.startswith("ds-") and
                   os.path.isdir(os.path.join(ROOT, "tools", t)))
    locked = (read(path) or "").splitlines()
    found = []
    for tool in built:
        with Scratch() as scratch:
            status, out, err = execute([os.path.join(options.bin, tool), "--list-options"], options.bin, HERE,
                                       scratch.work, scratch.path)
        if status != 0:
            return [f"{tool} --list-options: exit status {status}: {err}"]
        found += out.splitlines()
    if options.update:
        kept = [line for line in locked if line.split(" ", 1)[0] not in built]
        write(path, "".join(line + "\n" for line in sorted(kept + found)))
        return []
    compared = [line for line in locked if line.split(" ", 1)[0] in built]
    problems = ["gone:  " + line for line in compared if line not in found]
    problems += ["added: " + line for line in found if line not in compared]
    if problems:
        problems.append("if this is meant, run tests/cli/run.py --update options and commit options.lock")
    return problems


def collect(suites, options):
    """(name, function) of everything to run."""
    work = []
    for suite in suites:
        if suite == "options":
            work.append(("options.lock", lambda: run_options_lock(options)))
            continue
        folder = os.path.join(HERE, suite)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if name.endswith(".sh"):
                work.append((f"{suite}/{name[:-3]}",
                             lambda script=os.path.join(folder, name): run_case(script, options)))
        if os.path.exists(os.path.join(ROOT, "tools", suite, "examples.txt")):
            work.append((f"{suite} examples", lambda tool=suite: run_examples(tool, options)))
    return [w for w in work if options.k in w[0]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"), help="folder of the programs")
    parser.add_argument("--update", action="store_true", help="rewrite the expectations to what is found")
    parser.add_argument("-j", type=int, default=2, metavar="N", help="cases at a time")
    parser.add_argument("-k", default="", metavar="TEXT", help="only what has TEXT in its name")
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    suites = options.suites
    if not suites:
        tools = [t for t in os.listdir(os.path.join(ROOT, "tools")) if t.startswith("ds-")]
        suites = ["general"] + sorted(t for t in tools if os.path.exists(os.path.join(options.bin, t))) + ["options"]
    started, failed = time.time(), 0
    work = collect(suites, options)
    with concurrent.futures.ThreadPoolExecutor(max(1, options.j)) as pool:
        for (name, _), problems in zip(work, pool.map(lambda w: w[1](), work)):
            if problems:
                failed += 1
                print(f"FAIL {name}")
                for problem in problems:
                    print("  " + problem)
                sys.stdout.flush()
    print(f"{len(work) - failed} of {len(work)} passed, {failed} failed, {time.time() - started:.1f} s"
          + (" (expectations updated)" if options.update else ""))
    return 1 if failed or not work else 0


if __name__ == "__main__":
    sys.exit(main())
