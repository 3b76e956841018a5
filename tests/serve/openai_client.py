#!/usr/bin/env python3
"""The official openai client against ds-serve: completions, chat, streams, log probabilities, echo, errors.

    openai_client.py [BIN-FOLDER]
"""
import json
import math

import openai

import server as common

BIN = common.bin_folder()
PROMPT = "Once upon a time"


def client(s, key="none", **options):
    return openai.OpenAI(base_url=s.url + "/v1", api_key=key, max_retries=0, **options)


def test_models():
    with common.Server(BIN) as s:
        models = client(s).models.list().data
        assert [m.id for m in models] == ["model"], models
        assert client(s).models.retrieve("model").id == "model"


def test_completions():
    with common.Server(BIN, "--model-name", "toy/model") as s:
        c = client(s)
        assert c.models.retrieve("toy/model").id == "toy/model"
        plain = c.completions.create(model="toy/model", prompt=PROMPT, max_tokens=12, temperature=0)
        choice = plain.choices[0]
        assert choice.text and choice.finish_reason in ("stop", "length"), plain
        assert plain.usage.completion_tokens <= 12 and plain.usage.prompt_tokens > 0
        assert plain.usage.total_tokens == plain.usage.prompt_tokens + plain.usage.completion_tokens
        assert plain.object == "text_completion" and plain.id.startswith("cmpl-")

        stream = c.completions.create(model="toy/model", prompt=PROMPT, max_tokens=12, temperature=0, stream=True,
                                      stream_options={"include_usage": True})
        chunks = list(stream)
        assert "".join(x.choices[0].text for x in chunks if x.choices) == choice.text
        assert [x.choices[0].finish_reason for x in chunks if x.choices][-1] == choice.finish_reason
        assert chunks[-1].choices == [] and chunks[-1].usage == plain.usage

        several = c.completions.create(model="toy/model", prompt=[PROMPT, "The cat"], max_tokens=12, temperature=0)
        assert [x.index for x in several.choices] == [0, 1]
        assert several.choices[0].text == choice.text

        ids = s.post("/tokenize", {"prompt": PROMPT})[2]["tokens"]
        by_id = c.completions.create(model="toy/model", prompt=ids, max_tokens=12, temperature=0)
        assert by_id.choices[0].text == choice.text

        part = choice.text[3:6]
        cut = c.completions.create(model="toy/model", prompt=PROMPT, max_tokens=12, temperature=0, stop=part)
        assert cut.choices[0].text == choice.text[:choice.text.index(part)], (cut, part)
        assert cut.choices[0].finish_reason == "stop"
        streamed = c.completions.create(model="toy/model", prompt=PROMPT, max_tokens=12, temperature=0, stop=[part],
                                        stream=True)
        assert "".join(x.choices[0].text for x in streamed) == cut.choices[0].text


def test_seeds():
    with common.Server(BIN) as s:
        c = client(s)

        def draw(**options):
            r = c.completions.create(model="model", prompt=PROMPT, max_tokens=20, temperature=1.5, **options)
            return [x.text for x in r.choices]
        assert draw(seed=7) == draw(seed=7)
        assert draw(seed=7, n=3) == draw(seed=7, n=3)
        assert draw(seed=7, n=3)[0] == draw(seed=7)[0]
        assert len({*draw(seed=7, n=3), *draw(seed=8), *draw(seed=9)}) > 1
        assert draw(seed=7, top_p=0.01) == draw(seed=8, top_p=0.01)  # only the most likely is left
        assert draw(seed=7, extra_body={"top_k": 1}) == draw(seed=8, extra_body={"top_k": 1})


def test_logprobs_and_echo():
    with common.Server(BIN) as s:
        c = client(s)
        r = c.completions.create(model="model", prompt=PROMPT, max_tokens=8, temperature=0, logprobs=3, echo=True)
        text, l = r.choices[0].text, r.choices[0].logprobs
        n = r.usage.total_tokens
        assert text.startswith(PROMPT)
        assert len(l.tokens) == len(l.token_logprobs) == len(l.top_logprobs) == len(l.text_offset) == n
        assert l.token_logprobs[0] is None and l.top_logprobs[0] is None
        assert "".join(l.tokens) == text
        at = 0
        for token, offset in zip(l.tokens, l.text_offset):
            assert offset == at, (l.tokens, l.text_offset)
            at += len(token)
        for token, logprob, top in list(zip(l.tokens, l.token_logprobs, l.top_logprobs))[1:]:
            assert logprob <= 0 and math.isclose(top[token], logprob)
            assert len(top) in (3, 4)
        for token, top in list(zip(l.tokens, l.top_logprobs))[r.usage.prompt_tokens:]:
            assert token == max(top, key=top.get)  # greedy

        # As lm-eval scores: the prompt alone, its log probabilities equal to those of the longer call.
        alone = c.completions.create(model="model", prompt=PROMPT, max_tokens=0, temperature=0, logprobs=1, echo=True)
        assert alone.choices[0].text == PROMPT and alone.usage.completion_tokens == 0
        assert alone.choices[0].logprobs.token_logprobs == l.token_logprobs[:alone.usage.prompt_tokens]
        # A token's log probability does not depend on whether it was generated or given.
        again = c.completions.create(model="model", prompt=text, max_tokens=0, logprobs=1, echo=True)
        if again.choices[0].logprobs.tokens == l.tokens:
            for a, b in list(zip(again.choices[0].logprobs.token_logprobs, l.token_logprobs))[1:]:
                assert math.isclose(a, b, abs_tol=1e-4), (a, b)

        streamed = list(c.completions.create(model="model", prompt=PROMPT, max_tokens=8, temperature=0, logprobs=3,
                                             echo=True, stream=True))
        assert "".join(x.choices[0].text for x in streamed) == text
        tokens = [t for x in streamed if x.choices[0].logprobs for t in x.choices[0].logprobs.tokens]
        assert tokens == l.tokens
        without = c.completions.create(model="model", prompt=PROMPT, max_tokens=8, temperature=0, echo=True)
        assert without.choices[0].text == text and without.choices[0].logprobs is None


def test_chat():
    with common.scratch() as folder:
        with common.Server(BIN, model=common.chat_model(folder)) as s:
            c = client(s)
            messages = [{"role": "system", "content": "the cat"}, {"role": "user", "content": "the old cat"}]
            plain = c.chat.completions.create(model="chat", messages=messages, max_tokens=10, temperature=0,
                                              logprobs=True, top_logprobs=2)
            choice = plain.choices[0]
            assert choice.message.role == "assistant" and choice.finish_reason in ("stop", "length"), plain
            assert "".join(t.token for t in choice.logprobs.content) == choice.message.content
            for t in choice.logprobs.content:
                assert bytes(t.bytes).decode() == t.token and len(t.top_logprobs) == 2
                assert t.top_logprobs[0].logprob >= t.logprob - 1e-9
            parts = [{"role": m["role"], "content": [{"type": "text", "text": m["content"]}]} for m in messages]
            same = c.chat.completions.create(model="chat", messages=parts, max_completion_tokens=10, temperature=0)
            assert same.choices[0].message.content == choice.message.content
            chunks = list(c.chat.completions.create(model="chat", messages=messages, max_tokens=10, temperature=0,
                                                    stream=True, logprobs=True, stream_options={"include_usage": True}))
            assert chunks[0].choices[0].delta.role == "assistant"
            assert "".join(x.choices[0].delta.content or "" for x in chunks if x.choices) == choice.message.content
            assert chunks[-1].usage == plain.usage
            # What the form says, through the other endpoint.
            text = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
            raw = c.completions.create(model="chat", prompt=text + "<|im_start|>assistant\n", max_tokens=10,
                                       temperature=0)
            assert raw.usage.prompt_tokens == plain.usage.prompt_tokens
            assert raw.choices[0].text == choice.message.content
            # An answer goes back as a message of the next question.
            c.chat.completions.create(model="chat", max_tokens=2, messages=[
                *messages, choice.message.model_dump(), {"role": "user", "content": "and"}])


def expect(kind, call, *words):
    try:
        call()
    except kind as e:
        assert type(e) is kind, type(e)
        for word in words:
            assert word in json.dumps(e.response.json()), (word, e.response.text)
        return e
    raise AssertionError(f"no {kind.__name__}")


def test_errors():
    with common.Server(BIN) as s:
        c = client(s)
        ask = c.completions.create
        expect(openai.NotFoundError, lambda: ask(model="gpt", prompt="a"), "model_not_found")
        expect(openai.BadRequestError, lambda: ask(model="model", prompt="a", temperature=5), "temperature")
        expect(openai.BadRequestError, lambda: ask(model="model", prompt="a " * 3000), "256 tokens")
        expect(openai.BadRequestError, lambda: ask(model="model", prompt="a", frequency_penalty=1), "frequency_penalty")
        expect(openai.BadRequestError, lambda: ask(model="model", prompt="a", best_of=2), "best_of")
        expect(openai.BadRequestError, lambda: ask(model="model", prompt="a", logit_bias={"5": 3}), "logit_bias")
        e = expect(openai.BadRequestError, lambda: c.chat.completions.create(
            model="model", messages=[{"role": "user", "content": "a"}]), "/v1/completions")
        assert e.code == "no_chat_template" and e.type == "invalid_request_error"
        expect(openai.NotFoundError, lambda: c.embeddings.create(model="model", input="a"))


def test_keys():
    with common.scratch() as folder:
        keys = folder + "/keys"
        with open(keys, "w") as f:
            f.write("# ours\nsecret-1\nsecret-2\n")
        with common.Server(BIN, "--api-key-file", keys) as s:
            expect(openai.AuthenticationError, lambda: client(s, "wrong").models.list(), "invalid_api_key")
            for key in ("secret-1", "secret-2"):
                assert client(s, key).completions.create(model="model", prompt="a", max_tokens=1).choices
            assert s.request("GET", "/health")[0] == 200
            assert s.request("GET", "/metrics")[0] == 401


def test_busy():
    with common.Server(BIN, "--max-batch", "1", "--max-queue", "8") as s:
        c = client(s)
        slow = {"model": "model", "prompt": PROMPT, "max_tokens": 200, "temperature": 0, "n": 8,
                "extra_body": {"ignore_eos": True}, "stream": True}
        streams = []
        refused = None
        for _ in range(5):
            try:
                streams.append(c.completions.create(**slow))
            except openai.RateLimitError as e:
                refused = e
                break
        assert refused and refused.response.headers["retry-after"] == "1", "never refused"
        for stream in streams:
            reasons = [x.choices[0].finish_reason for x in stream]
            assert reasons.count("length") == 8, reasons


if __name__ == "__main__":
    common.run_cases(globals())
