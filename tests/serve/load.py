#!/usr/bin/env python3
"""Many clients at once: every answer equals the unbatched one, hanging up leaks nothing; with --speed how fast it is.

    load.py [BIN-FOLDER] [--requests 2000] [--clients 32] [--speed] [--model DIR]

Round one: all requests, plain and streamed, temperature 0: no error, and each answer is the one the server gave when it
had nothing else to do. Round two: half of the clients hang up in the middle of a stream; then slots, pages and memory
must be back where they were.
"""
import argparse
import concurrent.futures
import http.client
import json
import random
import threading
import time

import server as common

WORDS = "once upon a time the old cat looked at moon blue bird and".split()


def questions(n):
    """Requests of many lengths, half of them streamed."""
    draw = random.Random(5)
    out = []
    for i in range(n):
        prompt = "Once " + " ".join(draw.choice(WORDS) for _ in range(draw.randint(1, 40)))
        out.append({"prompt": prompt, "max_tokens": draw.randint(1, 60), "temperature": 0, "ignore_eos": i % 3 == 0,
                    "stream": i % 2 == 0})
    return out


def ask(connection, body, hang_up=0):
    """(status, text, finish reason); after `hang_up` bytes of a stream the connection is closed: (None, ...)."""
    connection.request("POST", "/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    r = connection.getresponse()
    if hang_up and r.status == 200:
        r.read(hang_up)
        r.close()
        connection.close()
        return None, "", ""
    data = r.read()
    if r.status != 200:
        return r.status, data.decode(), ""
    if not body["stream"]:
        choice = json.loads(data)["choices"][0]
        return 200, choice["text"], choice["finish_reason"]
    events = [json.loads(l[6:]) for l in data.split(b"\n") if l.startswith(b"data: {")]
    assert data.endswith(b"data: [DONE]\n\n"), data[-100:]
    return 200, "".join(e["choices"][0]["text"] for e in events), events[-1]["choices"][0]["finish_reason"]


def round_of(s, bodies, clients, wanted, hangs_up=lambda i: 0):
    """Asks everything with `clients` connections; problems."""
    local, problems = threading.local(), []

    def one(i):
        if not hasattr(local, "connection"):
            local.connection = s.connection()
        try:
            status, text, reason = ask(local.connection, bodies[i], hangs_up(i))
        except (OSError, http.client.HTTPException) as e:
            local.connection.close()
            problems.append(f"request {i}: {type(e).__name__}: {e}")
            return
        if status is not None and (status, text, reason) != wanted[i]:
            problems.append(f"request {i}: expected {wanted[i]}, found {(status, text, reason)}")
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(len(bodies))))
    return problems


def speed(s, clients, seconds=6):
    """Requests and tokens per second with so many clients, plain requests of 64 tokens."""
    body = {"prompt": "Once upon a time the old cat", "max_tokens": 64, "temperature": 0, "ignore_eos": True, "stream": False}
    end, counts = time.time() + seconds, []

    def client():
        c, n = s.connection(), 0
        while time.time() < end:
            assert ask(c, body)[0] == 200
            n += 1
        counts.append(n)
    started = time.time()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    took = time.time() - started
    return {"clients": clients, "requests_per_second": round(sum(counts) / took, 1),
            "tokens_per_second": round(64 * sum(counts) / took)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", nargs="?", default=common.bin_folder())
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--model", default=common.TOY)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    with common.Server(options.bin, "--max-batch", "32", model=options.model) as s:
        print(f"listening after {s.started_in:.2f} s", flush=True)
        if options.speed:
            for clients in (1, 8, 32):
                print(json.dumps(speed(s, clients)), flush=True)
            return
        bodies = questions(options.requests)
        with_one = s.connection()
        started = time.time()
        wanted = [ask(with_one, b) for b in bodies]
        assert all(w[0] == 200 for w in wanted), next(w for w in wanted if w[0] != 200)
        alone = time.time() - started
        before = s.rss()
        started = time.time()
        problems = round_of(s, bodies, options.clients, wanted)
        together = time.time() - started
        s.idle()
        middle = s.rss()
        print(f"round 1: {len(bodies)} requests at {options.clients} clients in {together:.1f} s (one at a time {alone:.1f} s), "
              f"{len(problems)} problems; memory {before >> 20} -> {middle >> 20} MB", flush=True)
        for p in problems[:5]:
            print("  " + p)
        gone = s.metric("ds_serve_disconnects_total")
        # Half of them hang up after some bytes, if their answer is a stream that long.
        hangs = [dict(b, stream=True, max_tokens=90, ignore_eos=True) if i % 2 else b for i, b in enumerate(bodies)]
        more = round_of(s, hangs, options.clients, wanted, lambda i: 200 + i % 1500 if i % 2 else 0)
        s.idle()
        after = s.rss()
        gone = s.metric("ds_serve_disconnects_total") - gone
        print(f"round 2: half hang up, {gone:.0f} in the middle of an answer, {len(more)} problems; "
              f"memory {middle >> 20} -> {after >> 20} MB", flush=True)
        for p in more[:5]:
            print("  " + p)
        assert not problems and not more
        assert gone > 0
        # Buffers grow to what 32 clients need; after that nothing may.
        assert after - before < 64 << 20, (before, after)


if __name__ == "__main__":
    main()
