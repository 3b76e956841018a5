#!/usr/bin/env python3
"""What clients should not do to ds-serve, through raw sockets: broken bodies and heads, slow ones, ones that go away; then
signals under load. After each, the server must be whole: healthy, nothing running, every page of the cache free.

    abuse.py [BIN-FOLDER]
"""
import json
import os
import socket
import subprocess
import threading
import time

import server as common

BIN = common.bin_folder()
LONG = {"prompt": "Once upon a time", "max_tokens": 230, "temperature": 0, "ignore_eos": True}


def raw(s, data, timeout=20, half_close=False):
    """Sends bytes, reads until the server closes or is quiet; the whole answer."""
    with socket.create_connection(("127.0.0.1", s.port), timeout) as c:
        try:
            c.sendall(data)
            if half_close:
                c.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server has said what it has to say
        return read_all(c)


def read_all(c):
    answer = b""
    while True:
        try:
            part = c.recv(65536)
        except ConnectionResetError:
            return answer
        if not part:
            return answer
        answer += part


def post(path, body, *headers, length=None):
    head = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", "Content-Type: application/json",
            f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def error_of(answer):
    """The error object of a response, checked to be OpenAI's form."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/json" in head, answer
    error = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"], error
    return error


def stream_head(s, body=LONG):
    """A connection whose streamed answer has begun."""
    c = socket.create_connection(("127.0.0.1", s.port), 20)
    c.sendall(post("/v1/completions", json.dumps({**body, "stream": True}).encode()))
    got = b""
    while b"data: " not in got:
        part = c.recv(4096)
        assert part, got
        got += part
    return c, got


def test_bodies():
    million = b'{"max_tokens": 1, "prompt": [' + b",".join([b"5"] * 1000000) + b"]}"
    cases = [
        (b"", 400), (b"nonsense", 400), (b"{", 400), (b"[]", 400), (b'"a"', 400), (b"null", 400),
        (b'{"prompt": NaN}', 400), (b'{"prompt": "a", "temperature": NaN}', 400),
        (b'{"prompt": "a", "temperature": Infinity}', 400), (b'{"prompt": "a", "temperature": 1e999}', 400),
        (b'{"prompt": "a", "temperature": -1}', 400), (b'{"prompt": "a", "temperature": "warm"}', 400),
        (b'{"prompt": "a", "max_tokens": 1.5}', 400), (b'{"prompt": "a", "max_tokens": 1e300}', 400),
        (b'{"prompt": "a", "max_tokens": 123456789012345678901234567890}', 400),
        (b'{"prompt": "\xff\xfe"}', 400), (b'{"prompt": "\\ud800"}', 400), (b'{"prompt": 7}', 400),
        (b'{"prompt": ["a", ["b"]]}', 400), (b'{"prompt": "a", "model": "gpt-4"}', 404),
        (b'{"prompt": "a", "model": 5}', 400), (b'{"prompt": "a", "stop": {}}', 400),
        (b'{"prompt": "a", "tools": [{}]}', 400), (b'{"prompt": "a", "nonsense": 1}', 400),
        (b'{"a":' * 100000, 400), (b"[" * 1000000, 400), (b'{"prompt": ' + b"[" * 500000 + b"]" * 500000 + b"}", 400),
        (million, 400), (b'{"prompt": "' + b"word " * 800000 + b'"}', 400),
        (b'{"prompt": "' + b"a" * (5 << 20) + b'"}', 413),
        (b'{"prompt": "a", "prompt": "b", "max_tokens": 1}', 200),
    ]
    with common.Server(BIN) as s:
        slowest = 0
        for body, wanted in cases:
            started = time.time()
            answer = raw(s, post("/v1/completions", body))
            slowest = max(slowest, time.time() - started)
            assert status_of(answer) == wanted, (body[:60], wanted, answer[:300])
            if wanted != 200:
                error_of(answer)
        for body in (b"{}", b'{"messages": 5}', b'{"messages": [{"role": "user", "content": "a"}]}'):
            assert status_of(raw(s, post("/v1/chat/completions", body))) == 400
        s.idle()
        print(f"     slowest refusal {slowest:.2f} s")


def test_others_go_on_while_bodies_are_refused():
    """A prompt of a million tokens must not hold up somebody else for long."""
    million = post("/v1/completions", b'{"prompt": [' + b",".join([b"5"] * 1000000) + b"]}")
    with common.Server(BIN) as s:
        waits, done = [], threading.Event()

        def ask():
            c = s.connection()
            while not done.is_set():
                started = time.time()
                s.request("GET", "/health", connection=c)
                waits.append(time.time() - started)
        thread = threading.Thread(target=ask)
        thread.start()
        for _ in range(5):
            assert status_of(raw(s, million)) == 400
        done.set()
        thread.join()
        print(f"     longest wait of another client {max(waits):.3f} s")
        assert max(waits) < 5


def test_heads():
    with common.Server(BIN) as s:
        get = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        cases = [
            (b"\x00\x01\x02\xff" * 100 + b"\r\n\r\n", 400), (b"GET\r\n\r\n", 400), (b"GET / HTTP/9.9\r\n\r\n", (400, 505)),
            (get + b"X: " + b"a" * 100000 + b"\r\n\r\n", 431), (get + b"a: b\r\n" * 20000 + b"\r\n", 431),
            (get + b"no colon\r\n\r\n", 400), (b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n", 404),
            (b"GET /%zz HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
            (b"DELETE /health HTTP/1.1\r\nConnection: close\r\n\r\n", 405),
            (b"POST /v1/completions HTTP/1.1\r\nConnection: close\r\n\r\n", 411),
            (post("/v1/completions", b"", length=10**12), 413), (post("/v1/completions", b"", length=-1), 400),
            (post("/v1/completions", b"", length="1e3"), 400), (post("/v1/completions", b"", length=10**30), 400),
            (post("/v1/completions", b"{}", "Content-Length: 9"), 400),
            (post("/v1/completions", b"{}", "Transfer-Encoding: chunked"), 400),
            (b"POST /v1/completions HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            (post("/v1/completions", b"{}", "Expect: the-unexpected"), 417), (get + b"\r\n", 200),
            (b"GET http://example.org/health HTTP/1.1\r\nConnection: close\r\n\r\n", 200),
            (b"GET /health HTTP/1.0\r\n\r\n", 200),
            (b"OPTIONS /v1/completions HTTP/1.1\r\nConnection: close\r\n\r\n", 204),
        ]
        for data, wanted in cases:
            answer = raw(s, data)
            assert status_of(answer) in (wanted if isinstance(wanted, tuple) else (wanted,)), (data[:80], wanted, answer[:300])
        head = raw(s, b"HEAD /health HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert status_of(head) == 200 and head.endswith(b"\r\n\r\n") and b"Content-Length: 15" in head, head
        wrong_type = post("/v1/completions", b"{}").replace(b"application/json", b"text/plain")
        assert status_of(raw(s, wrong_type)) == 415
        tagged = raw(s, get + b"X-Request-Id: mine-7\r\n\r\n")
        assert b"X-Request-Id: mine-7\r\n" in tagged, tagged


def test_protocol():
    body = json.dumps({**LONG, "max_tokens": 3}).encode()
    keep = post("/v1/completions", body).replace(b"Connection: close\r\n", b"")
    with common.Server(BIN) as s:
        # Five requests at once on one connection come back in order.
        answer = raw(s, keep * 4 + post("/v1/completions", body))
        assert answer.count(b"HTTP/1.1 200 OK") == 5 and answer.count(b'"finish_reason":"length"') == 5, answer
        # Also when they come while a stream is written, more of them than are taken in ahead.
        stream = post("/v1/completions", json.dumps({**LONG, "stream": True}).encode()).replace(b"Connection: close\r\n", b"")
        answer = raw(s, stream + keep * 400 + post("/v1/completions", body), timeout=60)
        assert answer.count(b"HTTP/1.1 200 OK") == 402, answer.count(b"HTTP/1.1 200 OK")
        # A body in chunks.
        chunked = post("/v1/completions", b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7))
        assert status_of(raw(s, chunked + chunks + b"0\r\n\r\n")) == 200
        huge = b"%x\r\n" % (1 << 40)
        assert status_of(raw(s, chunked + huge + b"a" * 100, half_close=True)) in (400, 413)
        # 100-continue is answered before the body comes; not when the request is refused anyway.
        with socket.create_connection(("127.0.0.1", s.port), 20) as c:
            c.sendall(post("/v1/completions", b"", "Expect: 100-continue", length=len(body)))
            assert c.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            c.sendall(body)
            assert status_of(read_all(c)) == 200
        refused = raw(s, post("/v1/completions", b"", "Expect: 100-continue", length=10**9))
        assert status_of(refused) == 413 and b"100 Continue" not in refused
        # HTTP/1.0 has no chunks: a stream ends with the connection.
        old = post("/v1/completions", json.dumps({**LONG, "max_tokens": 3, "stream": True}).encode())
        answer = raw(s, old.replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert b"chunked" not in answer and answer.endswith(b"data: [DONE]\n\n"), answer
        # A client that has sent everything and half-closes has gone, as far as a server can know.
        raw(s, post("/v1/completions", json.dumps(LONG).encode()), half_close=True)
        s.idle()


def test_slow_clients():
    with common.Server(BIN, "--header-timeout", "0.5", "--max-connections", "12") as s:
        with socket.create_connection(("127.0.0.1", s.port), 20) as c:  # a head that never ends
            started = time.time()
            threading.Thread(target=trickle, args=(c, b"GET /health HTTP/1.1\r\nX: " + b"a" * 200, 0.05), daemon=True).start()
            answer = read_all(c)
            assert status_of(answer) == 408 and time.time() - started < 5, answer
            error_of(answer)
        with socket.create_connection(("127.0.0.1", s.port), 20) as c:  # a body that never comes
            started = time.time()
            c.sendall(post("/v1/completions", b'{"prompt"', length=1000))
            threading.Thread(target=trickle, args=(c, b" " * 900, 0.05), daemon=True).start()
            assert status_of(read_all(c)) == 408 and time.time() - started < 5
        assert status_of(raw(s, post("/v1/completions", b'{"prompt"', length=1000), half_close=True)) == 400
        # Connections that say nothing are closed; while there are too many, others are told so.
        idle = [socket.create_connection(("127.0.0.1", s.port), 20) for _ in range(12)]
        time.sleep(0.1)
        assert status_of(raw(s, b"GET /health HTTP/1.1\r\n\r\n")) == 503
        for c in idle:
            assert c.recv(100) == b"", "an idle connection is answered"
            c.close()
        end = time.time() + 10
        while status_of(raw(s, b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")) != 200:
            assert time.time() < end
            time.sleep(0.1)
        s.idle()


def trickle(c, data, pause):
    try:
        for i in range(len(data)):
            c.sendall(data[i:i + 1])
            time.sleep(pause)
    except OSError:
        pass


def test_disconnects():
    with common.Server(BIN, "--max-batch", "4") as s:
        before = s.metric("ds_serve_disconnects_total")
        for how in ("stream", "whole", "queued"):
            connections = []
            for _ in range(8 if how == "queued" else 3):
                if how == "stream":
                    connections.append(stream_head(s)[0])
                else:
                    c = socket.create_connection(("127.0.0.1", s.port), 20)
                    c.sendall(post("/v1/completions", json.dumps({**LONG, "n": 2}).encode()))
                    connections.append(c)
            for c in connections:
                c.close()
            s.idle()
        assert s.metric("ds_serve_disconnects_total") > before
        assert s.metric("vllm:request_success_total", finished_reason="abort") > 0
        # A reset instead of an end.
        c, _ = stream_head(s)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        c.close()
        s.idle()
        assert s.post("/v1/completions", {**LONG, "max_tokens": 5})[0] == 200


def test_request_timeout():
    with common.Server(BIN, "--request-timeout", "0.1", "--max-batch", "1") as s:
        many = {**LONG, "n": 100}
        status, _, body = s.post("/v1/completions", many)
        assert status == 504 and body["error"]["type"] == "timeout_error", (status, body)
        answer = raw(s, post("/v1/completions", json.dumps({**many, "stream": True}).encode()))
        assert status_of(answer) == 200 and b'data: {"error":' in answer, answer[-300:]
        s.idle()


def run(*options):
    p = subprocess.run([os.path.join(BIN, "ds-serve"), "--model", common.TOY, *options], capture_output=True, text=True, timeout=60)
    assert p.stdout == ""
    return p.returncode, p.stderr


def test_start():
    with common.Server(BIN) as s:
        status, log = run("--port", str(s.port))
        assert status == 5 and str(s.port) in log and "hint: " in log, (status, log)
    status, log = run("--port", "0", "--api-key-file", "/nowhere/keys")
    assert status == 4 and "/nowhere/keys" in log, (status, log)
    status, log = run("--port", "0", "--host", "192.0.2.1")  # no address of this machine
    assert status == 2, (status, log)


def test_sigterm_under_load():
    """Every request that was accepted is answered whole; the others are told to go elsewhere; the exit status is 0."""
    with common.Server(BIN, "--max-batch", "4", "--max-queue", "64") as s:
        reference = s.post("/v1/completions", LONG)[2]["choices"][0]["text"]
        results, begun = [], threading.Semaphore(0)

        def ask(streamed):
            text = None
            c, got = stream_head(s) if streamed else (socket.create_connection(("127.0.0.1", s.port), 20), b"")
            if not streamed:
                c.sendall(post("/v1/completions", json.dumps(LONG).encode()))
            begun.release()
            got += read_all(c)
            if streamed:
                lines = [json.loads(l[6:]) for l in got.split(b"\n") if l.startswith(b"data: {")]
                text = "".join(o["choices"][0]["text"] for o in lines)
                assert got.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"), got[-100:]
            else:
                assert status_of(got) == 200, got[:300]
                text = json.loads(got.partition(b"\r\n\r\n")[2])["choices"][0]["text"]
            results.append(text == reference)
        threads = [threading.Thread(target=ask, args=(i % 2 == 0,)) for i in range(16)]
        for t in threads:
            t.start()
        for _ in threads:
            begun.acquire(timeout=60)
        while s.metric("vllm:num_requests_running") + s.metric("vllm:num_requests_waiting") < 2:
            if len(results) + 2 >= len(threads):
                break
        s.process.terminate()
        try:
            end = time.time() + 20
            status, body = 0, ""
            while status != 503:
                assert time.time() < end, "not draining"
                status, _, body = s.request("GET", "/health")
            assert body == {"status": "draining"}, body
            status, headers, body = s.post("/v1/completions", LONG)
            assert status == 503 and headers["Retry-After"] == "1" and body["error"]["code"] == "draining"
        except OSError:
            assert s.process.wait(60) == 0  # it was quicker than this script
        for t in threads:
            t.join()
        assert results == [True] * len(threads), results
        assert s.process.wait(60) == 0, s.log


def test_drain_timeout():
    with common.Server(BIN, "--max-batch", "1", "--drain-timeout", "0.2") as s:
        answers = []

        def ask():
            answers.append(s.post("/v1/completions", {**LONG, "n": 100}))
        thread = threading.Thread(target=ask)
        thread.start()
        while s.metric("vllm:num_requests_running") == 0:
            time.sleep(0.01)
        s.process.terminate()
        thread.join()
        status, _, body = answers[0]
        reasons = {c["finish_reason"] for c in body["choices"]}
        assert status == 200 and "abort" in reasons and reasons <= {"abort", "length"}, (status, reasons)
        assert s.process.wait(60) == 0, s.log


if __name__ == "__main__":
    common.run_cases(globals())
