#!/usr/bin/env python3
"""GGUF files of ds-export against the `gguf` package: metadata, names, shapes, numbers, tokens; and the reader against its writer.

    gguf_parity.py [--bin build/bin]      exit 1 on a difference

Every type is exported from models with ordinary and awkward weights (subnormal, tiny, huge, ties, all zero, one spike). What the
package quantises to, from the folder's weights with the rotary rows reordered here, must equal the file's bytes.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader, GGUFWriter
from gguf.quants import dequantize, quantize

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tiny_models  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
BLOCK = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
         "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
KINDS = {"f32": Type.F32, "f16": Type.F16, "bf16": Type.BF16, "q8_0": Type.Q8_0, "q4_0": Type.Q4_0}
FILE_TYPE = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 7, "bf16": 32}
problems = []
compared = 0


def check(ok, what):
    if not ok:
        problems.append(what)


def file_name(name):
    stem, _, kind = name.rpartition(".")
    if stem in NAMES:
        return f"{NAMES[stem]}.{kind}"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{BLOCK[rest]}.{kind}"


def reordered(name, values, config):
    """Rows of q and k as llama.cpp wants them: [heads, 2, d/2] with the last two exchanged."""
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}.get(name.split(".")[-2])
    if not heads:
        return values
    return values.reshape(heads, 2, values.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(values.shape)


def wanted_type(kind, name, shape, config):
    if len(shape) < 2:
        return Type.F32
    if kind in ("q8_0", "q4_0") and shape[-1] % 32:
        return Type.F16
    output = name == "lm_head.weight" or (name == "model.embed_tokens.weight" and config["tie_word_embeddings"])
    return Type.Q8_0 if kind == "q4_0" and output else KINDS[kind]


def text_of(field):
    return bytes(field.parts[field.data[0]]).decode()


def compare(label, folder, kind, tools, work, tokenizer):
    global compared
    out = work / "out.gguf"
    subprocess.run([tools / "ds-export", "gguf", "-q", "-f", "--model", folder, "-o", out, "--type", kind]
                   + ([] if tokenizer else ["--no-tokenizer"]), check=True)
    reader = GGUFReader(out)
    config = json.loads((folder / "config.json").read_text())
    weights = tiny_models.weights_of(folder)
    label = f"{label} {kind}"
    by_name = {t.name: t for t in reader.tensors}
    expected = {file_name(n) for n in weights}
    check(set(by_name) - {"rope_freqs.weight"} == expected, f"{label}: names {set(by_name) ^ expected}")
    for name, values in weights.items():
        tensor = by_name[file_name(name)]
        due = wanted_type(kind, name, values.shape, config)
        check(tensor.tensor_type == due, f"{label}: {name}: type {tensor.tensor_type!r}, expected {due!r}")
        check(list(tensor.shape) == list(values.shape)[::-1], f"{label}: {name}: shape {tensor.shape}")
        values = np.ascontiguousarray(reordered(name, values, config))
        with np.errstate(all="ignore"):
            want = quantize(values, due)
        same = np.asarray(tensor.data).tobytes() == np.asarray(want).tobytes()
        check(same, f"{label}: {name}: bytes differ")
        back = dequantize(np.asarray(tensor.data), due).reshape(values.shape)
        close = {Type.F32: 0, Type.F16: 1e-3, Type.BF16: 1e-2, Type.Q8_0: 1e-2, Type.Q4_0: 0.2}[due]
        rows = np.abs(values).max(axis=-1, keepdims=True) + 1e-6
        ordinary = not label.startswith("awkward")  # numbers below fp16's smallest become zero
        check(not ordinary or np.all(np.abs(back - values) <= close * rows), f"{label}: {name}: values are far off")
        compared += values.size
    fields = reader.fields
    numbers = {"llama.block_count": config["num_hidden_layers"], "llama.embedding_length": config["hidden_size"],
               "llama.feed_forward_length": config["intermediate_size"], "llama.attention.head_count": config["num_attention_heads"],
               "llama.attention.head_count_kv": config["num_key_value_heads"], "llama.rope.dimension_count": config["head_dim"],
               "llama.context_length": config["max_position_embeddings"], "llama.vocab_size": config["vocab_size"],
               "general.file_type": FILE_TYPE[kind]}
    for key, value in numbers.items():
        check(key in fields and fields[key].contents() == value, f"{label}: {key}")
    quantised = any(t.tensor_type in (Type.Q8_0, Type.Q4_0) for t in reader.tensors)
    check(("general.quantization_version" in fields) == quantised, f"{label}: quantization_version")
    check(text_of(fields["general.architecture"]) == "llama", f"{label}: architecture")
    inside = json.loads(text_of(fields["ds.manifest"]))
    check(inside["tool"] == "ds-export" and inside["inputs"][0]["role"] == "model", f"{label}: ds.manifest")
    if tokenizer:
        compare_tokenizer(label, fields, json.loads((folder / "tokenizer.json").read_text()), config["vocab_size"])


def compare_tokenizer(label, fields, tokenizer, entries):
    def texts(key):
        return [bytes(fields[key].parts[i]).decode() for i in fields[key].data]
    tokens, types = texts("tokenizer.ggml.tokens"), fields["tokenizer.ggml.token_type"].contents()
    check(len(tokens) == len(types) == entries, f"{label}: {len(tokens)} tokens")
    added = {a["id"]: a for a in tokenizer["added_tokens"]}
    known = {i: t for t, i in tokenizer["model"]["vocab"].items()} | {i: a["content"] for i, a in added.items()}
    for i, (token, kind) in enumerate(zip(tokens, types)):
        due = (known[i], (3 if added[i]["special"] else 4) if i in added else 1) if i in known else (f"[PAD{i}]", 5)
        check((token, kind) == due, f"{label}: token {i}: {token!r} {kind}, expected {due}")
    merges = [" ".join(m) if isinstance(m, list) else m for m in tokenizer["model"]["merges"]]
    check(texts("tokenizer.ggml.merges") == merges, f"{label}: merges")


def awkward(shape, seed):
    """A row each of what makes quantisers err."""
    r = np.random.default_rng(seed)
    rows = r.normal(size=shape).astype(np.float32)
    kinds = [lambda x: x, lambda x: x * 1e-40, lambda x: x * 1e-38, lambda x: x * 6e-8, lambda x: np.clip(x, -3, 3) * 1e4,
             lambda x: np.round(x * 2) / 2, lambda x: np.zeros_like(x), lambda x: -np.zeros_like(x),
             lambda x: np.where(np.arange(x.size) % 32 == 7, 1000, x), lambda x: np.sign(x),
             lambda x: r.integers(-127, 128, x.size) / 2, lambda x: r.integers(-8, 8, x.size).astype(np.float32),
             lambda x: np.exp(x * 8).clip(0, 3e4) * np.sign(x), lambda x: np.where(r.random(x.size) < 0.9, 0, x * 1e-5)]
    with np.errstate(all="ignore"):
        for i in range(shape[0]):
            rows[i] = kinds[i % len(kinds)](rows[i]).astype(np.float32)
    return rows


def reads_the_package(tools, work):
    """A file of the package's own writer, with every kind of value, is understood."""
    path = work / "theirs.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_uint8("a.u8", 200)
    writer.add_int8("a.i8", -3)
    writer.add_uint64("a.u64", 1 << 40)
    writer.add_float64("a.f64", 0.1)
    writer.add_bool("a.yes", True)
    writer.add_array("a.names", ["x", "数据", ""])
    writer.add_array("a.numbers", [1, 2, 3])
    values = np.arange(256, dtype=np.float32).reshape(4, 64)
    writer.add_tensor("w.weight", values)
    writer.add_tensor("q.weight", quantize(values, Type.Q8_0), raw_dtype=Type.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    out = json.loads(subprocess.run([tools / "ds-export", "inspect", "--json", path], check=True, capture_output=True).stdout)
    facts = out["facts"]
    check(facts["tensors"] == 2 and facts["types"] == {"F32": 1, "Q8_0": 1} and facts["parameters"] == 512, f"theirs: {facts}")
    due = {"a.u8": 200, "a.i8": -3, "a.u64": 1 << 40, "a.f64": 0.1, "a.yes": True, "a.names": "3 x string", "a.numbers": "3 x i32"}
    for key, value in due.items():
        check(facts["metadata"].get(key) == value, f"theirs: {key}: {facts['metadata'].get(key)}")
    check(out["provenance"] is None, "theirs: provenance")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=str(ROOT / "build" / "bin"))
    tools = pathlib.Path(parser.parse_args().bin)
    toy = ROOT / "testdata" / "toy" / "model"
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        for kind in KINDS:
            compare("toy", toy, kind, tools, work, True)
        tiny_models.make(work / "padded", tokenizer=toy / "tokenizer.json", dtype="bfloat16", attention_bias=True, mlp_bias=True)
        tiny_models.make(work / "odd", hidden_size=48, intermediate_size=70, num_attention_heads=3, num_key_value_heads=1,
                         tie_word_embeddings=True, dtype="float16")
        special = {name: awkward(shape, 7) for name, shape in tiny_models.shapes(tiny_models.CONFIG).items() if len(shape) == 2}
        tiny_models.make(work / "awkward", weights=special)
        for kind in KINDS:
            compare("padded", work / "padded", kind, tools, work, True)
            compare("odd", work / "odd", kind, tools, work, False)
            compare("awkward", work / "awkward", kind, tools, work, False)
        reads_the_package(tools, work)
    for line in problems[:20]:
        print(line)
    print(f"{compared} weights, {len(problems)} differences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
