"""Small model folders for the parity scripts: random weights from a seed, any config, a tokenizer if wanted."""
import json
import pathlib
import shutil

import numpy as np
from safetensors.numpy import load_file, save_file

CONFIG = dict(architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=320, hidden_size=64, intermediate_size=96,
              num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=256,
              rms_norm_eps=1e-5, hidden_act="silu", tie_word_embeddings=False, attention_bias=False, mlp_bias=False,
              rope_parameters=dict(rope_type="default", rope_theta=10000.0), dtype="float32", bos_token_id=None,
              eos_token_id=0, pad_token_id=None)


def shapes(c):
    """Tensor names and shapes of a llama."""
    h, f, v = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    q, kv = c["num_attention_heads"] * c["head_dim"], c["num_key_value_heads"] * c["head_dim"]
    out = {"model.embed_tokens.weight": (v, h), "model.norm.weight": (h,)}
    if not c["tie_word_embeddings"]:
        out["lm_head.weight"] = (v, h)
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        out[p + "input_layernorm.weight"] = out[p + "post_attention_layernorm.weight"] = (h,)
        for name, rows, columns, bias in [("self_attn.q_proj", q, h, "attention_bias"), ("self_attn.k_proj", kv, h, "attention_bias"),
                                          ("self_attn.v_proj", kv, h, "attention_bias"), ("self_attn.o_proj", h, q, "attention_bias"),
                                          ("mlp.gate_proj", f, h, "mlp_bias"), ("mlp.up_proj", f, h, "mlp_bias"),
                                          ("mlp.down_proj", h, f, "mlp_bias")]:
            out[p + name + ".weight"] = (rows, columns)
            if c[bias]:
                out[p + name + ".bias"] = (rows,)
    return out


def random_weights(config, seed, scale=0.3):
    r = np.random.default_rng(seed)
    return {name: (r.normal(size=shape) * scale + name.endswith("norm.weight")).astype(np.float32)
            for name, shape in sorted(shapes(config).items())}


def to_bf16(values):
    """The nearest bf16 numbers, as uint16."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def save(path, tensors, dtype="float32"):
    """model.safetensors; numpy has no bf16, so those files are written here."""
    if dtype != "bfloat16":
        return save_file({n: np.ascontiguousarray(t, getattr(np, dtype)) for n, t in tensors.items()}, path)
    header, blobs, at = {}, [], 0
    for name, t in sorted(tensors.items()):
        blob = to_bf16(t).tobytes()
        header[name] = dict(dtype="BF16", shape=list(t.shape), data_offsets=[at, at + len(blob)])
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def make(folder, seed=1, tokenizer=None, weights=None, **config):
    """Writes a model folder; returns its config and fp32 weights as they were before rounding to its dtype."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    c = {**CONFIG, **config}
    (folder / "config.json").write_text(json.dumps(c))
    w = random_weights(c, seed)
    w.update(weights or {})
    save(folder / "model.safetensors", w, c["dtype"])
    if tokenizer:
        shutil.copy(tokenizer, folder / "tokenizer.json")
    return c, w


def weights_of(folder):
    """name -> fp32 array of model.safetensors, bf16 included."""
    path = pathlib.Path(folder) / "model.safetensors"
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    header.pop("__metadata__", None)
    if all(t["dtype"] != "BF16" for t in header.values()):
        return {n: t.astype(np.float32) for n, t in load_file(path).items()}
    out = {}
    for name, t in header.items():
        blob = raw[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]]
        if t["dtype"] == "BF16":
            values = (np.frombuffer(blob, np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(blob, {"F32": np.float32, "F16": np.float16}[t["dtype"]]).astype(np.float32)
        out[name] = values.reshape(t["shape"])
    return out
