#!/usr/bin/env python3
"""Golden models: tiny random models and what Hugging Face transformers computes for them.

usage: make_golden.py make [OUT]          write testdata/golden/<case>/ anew (needs torch and transformers)
       make_golden.py model CASE OUT      make the model folder of one case (needs numpy only)

A case is config.json, generation_config.json, weights.json and golden.safetensors. No weights are stored: weights.json says how to
compute them. Tensor number t in sorted order of names, element i in row-major order:
    value = float32(mean + scale * (2 * u - 1)),  u = ds::Rng(seed, RngStream::test, t).uniform(i)
Scales are powers of two, so the value does not depend on how the machine rounds or fuses. tests/unit/support/golden.h does the same.

golden.safetensors: ids, labels (unshifted, -100 ignored) I64 [B,S]; where the case has them attention_mask, position_ids, doc_ids;
logits F32 [B,S,V]; loss F32 [1]; hidden.<i> F32 [B,S,H] (input of block i, the last one after the final norm);
grad.<tensor> F32; generated I64 [B,S+24] (greedy, computed without a cache).
"""
import json
import os
import struct
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOLDEN = os.path.join(ROOT, "testdata", "golden")
SEED = 20
STREAM = 100  # RngStream::test

dense = dict(vocab_size=112, hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=512)
odd = dict(dense, vocab_size=109, hidden_size=54, intermediate_size=70, num_attention_heads=3, num_key_value_heads=1, head_dim=18,
           attention_bias=True, mlp_bias=True, rms_norm_eps=1e-5)
llama3 = dict(dense, rope_theta=500000.0, tie_word_embeddings=True, max_position_embeddings=1024,
              rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                original_max_position_embeddings=64))
coder = dict(dense, num_key_value_heads=4, rope_theta=100000.0, rope_scaling=dict(rope_type="linear", factor=4.0))
CASES = {  # name: (config class, model class, arguments, rows, length)
    "llama": ("LlamaConfig", "LlamaForCausalLM", dense, 2, 40),
    "llama3": ("LlamaConfig", "LlamaForCausalLM", llama3, 2, 40),
    "llama_odd": ("LlamaConfig", "LlamaForCausalLM", odd, 3, 31),       # sizes that are multiples of nothing, all biases
    "llama_pad": ("LlamaConfig", "LlamaForCausalLM", dense, 2, 40),     # left padding
    "llama_packed": ("LlamaConfig", "LlamaForCausalLM", dense, 2, 40),  # two documents in a row, positions restart
    "coder": ("LlamaConfig", "LlamaForCausalLM", coder, 2, 40),
}


def uniform(seed, sub, count):
    """Elements 0..count-1 of ds::Rng(seed, test, sub).uniform: Philox4x32-10."""
    index = np.arange(count, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    c = [index & low, index >> shift, np.full(count, sub, np.uint64), np.full(count, STREAM, np.uint64)]
    k = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> shift) ^ c[1] ^ np.uint64(k[0]), p1 & low, (p0 >> shift) ^ c[3] ^ np.uint64(k[1]), p0 & low]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return ((c[0] | (c[1] << shift)) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def weights(rule):
    out = {}
    for number, (name, t) in enumerate(sorted(rule["tensors"].items())):
        u = uniform(rule["seed"], number, int(np.prod(t["shape"], dtype=np.int64)))
        out[name] = (t["mean"] + t["scale"] * (2.0 * u - 1.0)).astype(np.float32).reshape(t["shape"])
    return out


def write_f32(path, tensors):
    header, data, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, t in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [at, at + t.nbytes]}
        data.append(t.tobytes())
        at += t.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def model_folder(case, out):
    source = os.path.join(GOLDEN, case)
    os.makedirs(out, exist_ok=True)
    for name in ("config.json", "generation_config.json"):
        with open(os.path.join(source, name)) as f, open(os.path.join(out, name), "w") as g:
            g.write(f.read())
    with open(os.path.join(source, "weights.json")) as f:
        write_f32(os.path.join(out, "model.safetensors"), weights(json.load(f)))


def make_case(name, out):
    import glob
    import tempfile

    import torch
    import transformers
    from safetensors.torch import load_file, save_file

    config_class, model_class, arguments, rows, length = CASES[name]
    config = getattr(transformers, config_class)(**arguments)
    config._attn_implementation = "eager"
    net = getattr(transformers, model_class)(config).float().eval()
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as d:
        net.save_pretrained(d)
        stored = {k: v for f in glob.glob(d + "/*.safetensors") for k, v in load_file(f).items()}
        for file in ("config.json", "generation_config.json"):
            with open(os.path.join(d, file)) as f, open(os.path.join(out, file), "w") as g:
                g.write(f.read())
    # Norms and biases differ from their defaults of 1 and 0, which hide mistakes; matrices are large enough for attention to choose.
    rule = {"seed": SEED, "tensors": {k: {"shape": list(v.shape), "mean": 1.0 if k.endswith("norm.weight") else 0.0, "scale": 0.25}
                                      for k, v in stored.items()}}
    with open(os.path.join(out, "weights.json"), "w") as f:
        f.write("{\"seed\": %d,\n \"tensors\": {\n" % SEED)
        f.write(",\n".join("  %s: %s" % (json.dumps(k), json.dumps(t)) for k, t in sorted(rule["tensors"].items())))
        f.write("\n}}\n")
    missing = net.load_state_dict({k: torch.from_numpy(v) for k, v in weights(rule).items()}, strict=False)
    assert not missing.unexpected_keys and set(missing.missing_keys) <= {"lm_head.weight"}, missing
    net.tie_weights()

    torch.manual_seed(SEED)
    ids = torch.randint(3, config.vocab_size, (rows, length))
    labels = ids.clone()
    labels[0, :7] = -100
    extra = {}
    if name == "llama_pad":
        extra = {"attention_mask": torch.ones_like(ids)}
        extra["attention_mask"][1, :11] = 0
        labels[1, :11] = -100
    call = dict(extra)
    if name == "llama_packed":  # document 0: tokens 0..16, document 1 the rest; no attention between them
        cut = 17
        positions = torch.cat([torch.arange(cut), torch.arange(length - cut)]).repeat(rows, 1)
        doc = (torch.arange(length) >= cut).long()
        seen = (doc[:, None] == doc[None, :]) & (torch.arange(length)[:, None] >= torch.arange(length)[None, :])
        mask = torch.where(seen, 0.0, torch.finfo(torch.float).min)[None, None].repeat(rows, 1, 1, 1)
        call = {"position_ids": positions, "attention_mask": mask}
        labels[:, cut] = -100  # the first token of a document is predicted from nothing
        extra = {"position_ids": positions, "doc_ids": doc.repeat(rows, 1)}
    result = net(input_ids=ids, labels=labels, output_hidden_states=True, **call)
    result.loss.backward()
    golden = {"ids": ids, "labels": labels, "logits": result.logits.detach(), "loss": result.loss.detach().reshape(1), **extra}
    golden |= {f"hidden.{i}": h.detach() for i, h in enumerate(result.hidden_states)}
    golden |= {"grad." + k: p.grad for k, p in net.named_parameters() if p.grad is not None}
    assert all("grad." + k in golden for k in rule["tensors"])
    if not extra:
        sequence = ids
        with torch.no_grad():
            for _ in range(24):
                sequence = torch.cat([sequence, net(input_ids=sequence, use_cache=False).logits[:, -1:].argmax(-1)], 1)
        golden["generated"] = sequence
    save_file({k: v.contiguous().clone() for k, v in golden.items()}, os.path.join(out, "golden.safetensors"), metadata={"format": "pt"})
    size = sum(os.path.getsize(os.path.join(out, f)) for f in os.listdir(out))
    print(f"{name:14s} {sum(p.numel() for p in net.parameters()):7d} parameters  loss {result.loss.item():.5f}  "
          f"logits sd {result.logits.std().item():.3f}  {size} bytes  {golden['generated'][0, length:].tolist()[:10] if not extra else ''}")


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["make"] and len(arguments) <= 2:
        out = arguments[1] if len(arguments) == 2 else GOLDEN
        for name in CASES:
            make_case(name, os.path.join(out, name))
    elif arguments[:1] == ["model"] and len(arguments) == 3:
        model_folder(arguments[1], arguments[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
