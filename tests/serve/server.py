"""What the server tests share: starting ds-serve on a free port, asking it plainly, reading its metrics.

Only the standard library; every server binds 127.0.0.1, port 0.
"""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOY = os.path.join(ROOT, "testdata", "toy", "model")


class Server:
    """ds-serve as a context: with Server(bin, "--max-batch", "4") as s: s.post("/v1/completions", {...})."""

    def __init__(self, bin_folder, *options, model=TOY):
        started = time.time()
        env = {k: v for k, v in os.environ.items() if not k.startswith("DS_")}
        self.process = subprocess.Popen(
            [os.path.join(bin_folder, "ds-serve"), "--model", model, "--port", "0", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
        self.log, self.port = [], None
        ready = threading.Event()

        def read():
            for line in self.process.stderr:
                self.log.append(line.rstrip("\n"))
                found = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)", self.log[-1])
                if found:
                    self.port = int(found[1])
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        ready.wait(60)
        if self.port is None:
            self.process.kill()
            raise AssertionError("the server did not start:\n" + "\n".join(self.log))
        self.started_in = time.time() - started

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        status = self.stop()
        if kind is None and status != 0:
            raise AssertionError(f"exit status {status}:\n" + "\n".join(self.log))

    def stop(self, limit=60):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("still running after SIGTERM")
        self.reader.join(5)
        return status

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def connection(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, connection=None):
        """(status, headers, body as JSON when it is, else text)."""
        c = connection or self.connection()
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        c.request(method, path, data, {"Content-Type": "application/json", **(headers or {})} if data else headers or {})
        r = c.getresponse()
        text = r.read().decode()
        if connection is None:
            c.close()
        is_json = r.headers.get("Content-Type", "").startswith("application/json") and text
        return r.status, r.headers, json.loads(text) if is_json else text

    def post(self, path, body, **more):
        return self.request("POST", path, body, **more)

    def metric(self, name, **labels):
        """The sum over the lines of a metric whose labels agree."""
        _, _, text = self.request("GET", "/metrics")
        total, found = 0.0, False
        for line in text.splitlines():
            m = re.fullmatch(re.escape(name) + r"(?:\{(.*)\})? (\S+)", line)
            if m and all(f'{k}="{v}"' in (m[1] or "") for k, v in labels.items()):
                total, found = total + float(m[2]), True
        assert found or labels, f"no metric {name}"
        return total

    def idle(self, limit=10):
        """Waits until nothing runs or waits and every page of the cache is free again."""
        end = time.time() + limit
        names = ("vllm:num_requests_running", "vllm:num_requests_waiting", "ds_serve_kv_cache_pages_used")
        while True:
            values = [self.metric(n) for n in names]
            if not any(values):
                return
            assert time.time() < end, f"not given back: {dict(zip(names, values))}"
            time.sleep(0.02)

    def rss(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def chat_model(folder):
    """The toy model with ChatML's markers in its tokenizer, in `folder`."""
    path = os.path.join(folder, "chat")
    shutil.copytree(TOY, path)
    os.chmod(path, 0o755)
    for name in os.listdir(path):
        os.chmod(os.path.join(path, name), 0o644)
    with open(os.path.join(path, "tokenizer.json")) as f:
        tokenizer = json.load(f)
    # Markers take the place of ordinary ids: the model has no more rows.
    vocab = tokenizer["model"]["vocab"]
    by_id = {i: t for t, i in vocab.items()}
    last = max(by_id)
    merged = {a + b for a, b in (m.split(" ") if isinstance(m, str) else m for m in tokenizer["model"]["merges"])}
    for i, marker in ((last - 1, "<|im_start|>"), (last, "<|im_end|>")):
        old = by_id[i]
        assert old in merged
        del vocab[old]
        tokenizer["model"]["merges"] = [m for m in tokenizer["model"]["merges"]
                                        if old not in (m.replace(" ", "") if isinstance(m, str) else m[0] + m[1],
                                                       *(m.split(" ") if isinstance(m, str) else m))]
        vocab[marker] = i
        tokenizer["added_tokens"].append({"id": i, "content": marker, "single_word": False, "lstrip": False,
                                          "rstrip": False, "normalized": False, "special": True})
    with open(os.path.join(path, "tokenizer.json"), "w") as f:
        json.dump(tokenizer, f, ensure_ascii=False)
    with open(os.path.join(path, "chat_template.jinja"), "w") as f:
        f.write("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
                "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
                "{% endif %}")
    return path


def bin_folder():
    return os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "bin"))


def scratch():
    return tempfile.TemporaryDirectory(prefix="ds-serve-")


def run_cases(module):
    """Runs every function test_* of a module in order; prints a line for each."""
    failed = 0
    for name, case in list(module.items()):
        if not name.startswith("test_"):
            continue
        started = time.time()
        try:
            case()
            print(f"ok   {name} {time.time() - started:.2f} s", flush=True)
        except Exception as error:  # every case is told of, then the status says that one failed
            import traceback
            traceback.print_exc()
            print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)
            failed += 1
    sys.exit(1 if failed else 0)
