#!/usr/bin/env python3
"""ds-quantize against compressed-tensors and transformers, on random llama models made here.

    quantized_parity.py [--bin build/bin] [--seed 0]      exit 1 on a difference

For every model type and scheme: what compressed-tensors unpacks equals, to the bit, what `ds-export merge` writes; its own
packing of our integers gives our words; transformers loads the folder and its logits are close to those of `ds-eval forward`.
Needs torch, transformers, compressed-tensors and safetensors.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TQDM_DISABLE"] = "1"

import torch
from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32, unpack_from_int32
from compressed_tensors.quantization import QuantizationConfig
from compressed_tensors.quantization.lifecycle.forward import dequantize, quantize
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
SCHEMES = [  # options of ds-quantize; layers that stay
    (["--scheme", "int8"], []),
    (["--scheme", "int8", "--group-size", "64"], []),
    (["--scheme", "int4"], ["down_proj"]),  # 320 inputs are no multiple of 128
    (["--scheme", "int4", "--group-size", "32", "--ignore", "q_proj"], ["q_proj"]),
    (["--scheme", "int4", "--group-size", "-1"], []),
]


def make_model(path, dtype, tied):
    config = LlamaConfig(vocab_size=211, hidden_size=256, intermediate_size=320, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=2, max_position_embeddings=128, initializer_range=0.08,
                         tie_word_embeddings=tied)
    model = LlamaForCausalLM(config).to(dtype)
    with torch.no_grad():  # a row and a group of zeros, and numbers of very different size
        w = model.model.layers[0].self_attn.k_proj.weight
        w[3] = 0
        w[4, :128] = 0
        w[5] *= 1e-4
        w[6, 7] = 30.0
    model.save_pretrained(path)


def parts(tensors):
    return sorted(name.removesuffix("_packed") for name in tensors if name.endswith(".weight_packed"))


def check(ok, what):
    if not ok:
        sys.exit(f"quantized_parity: {what}")


def compare_weights(packed, merged, scheme, where):
    """Words, scales and numbers of every packed layer; returns how many numbers were compared."""
    count = 0
    for name in parts(packed):
        words, scale, shape = (packed[name + end] for end in ("_packed", "_scale", "_shape"))
        q = unpack_from_int32(words, scheme.num_bits, torch.Size(shape.tolist()))
        check(torch.equal(pack_to_int32(q, scheme.num_bits), words), f"{where}: {name}: words differ from its own packing")
        numbers = dequantize(x_q=q, scale=scale, zero_point=None, args=scheme)
        check(numbers.dtype == merged[name].dtype, f"{where}: {name}: {numbers.dtype} and {merged[name].dtype}")
        check(torch.equal(numbers, merged[name]), f"{where}: {name}: numbers differ")
        count += numbers.numel()
    return count


def compare_codes(packed, original, scheme, where):
    """Our integers are the nearest ones, for the scales that are stored."""
    for name in parts(packed):
        scale, shape = packed[name + "_scale"].float(), torch.Size(packed[name + "_shape"].tolist())
        q = unpack_from_int32(packed[name + "_packed"], scheme.num_bits, shape).float()
        w = original[name].float()
        spread = scale.repeat_interleave(shape[1] // scale.shape[1], 1)
        high = 2 ** (scheme.num_bits - 1)
        nearest = (w / spread).clamp(-high, high - 1)
        check(((nearest - q).abs() <= 0.5 + 1e-3).all(), f"{where}: {name}: not the nearest integer")
        theirs = quantize(x=w, scale=scale, zero_point=None, args=scheme, dtype=torch.int8).float()
        check((theirs != q).float().mean() < 1e-3, f"{where}: {name}: not what compressed-tensors rounds to")


def compare_logits(folder, run, work, where):
    torch.manual_seed(5)
    ids = torch.randint(0, 211, (2, 24))
    save_file({"ids": ids}, work / "ids.safetensors")
    run("ds-eval", "forward", "--model", folder, "--ids", work / "ids.safetensors", "-o", work / "out.safetensors", "-f")
    ours = load_file(work / "out.safetensors")["logits"]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        theirs = model(ids).logits.float()
    # transformers computes in the type of the scales, ours rounds x to eight bits where a scale spans runs of 128: then
    # that is the difference.
    config = json.loads((folder / "config.json").read_text())["quantization_config"]
    group = config["config_groups"]["group_0"]["weights"]["group_size"]
    stored = load_file(folder / "model.safetensors")
    exact = all(t.dtype == torch.float32 for n, t in stored.items() if n.endswith("_scale")) and group in (32, 64)
    error = ((ours - theirs).norm() / theirs.norm()).item()
    check(error <= (1e-5 if exact else 8e-2), f"{where}: logits differ by {error} of their size")
    return {"exact" if exact else "rounded": error}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=str(ROOT / "build/bin"))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    def run(tool, *options):
        done = subprocess.run([str(pathlib.Path(args.bin) / tool), *map(str, options), "-q"], capture_output=True, text=True)
        check(done.returncode == 0, f"{tool} {' '.join(map(str, options))}: exit {done.returncode}: {done.stderr}")

    torch.manual_seed(args.seed)
    numbers, worst = 0, {}
    with tempfile.TemporaryDirectory() as temporary:
        for kind, dtype in TYPES.items():
            for i, (options, stay) in enumerate(SCHEMES):
                where, work = f"{kind} {' '.join(options)}", pathlib.Path(temporary) / f"{kind}{i}"
                work.mkdir()
                make_model(work / "model", dtype, tied=i % 2 == 1)
                original = load_file(work / "model/model.safetensors")
                run("ds-quantize", "--model", work / "model", "-o", work / "q", *options)
                run("ds-export", "merge", "--model", work / "q", "-o", work / "merged")
                packed, merged = (load_file(work / name / "model.safetensors") for name in ("q", "merged"))
                check(merged.keys() == original.keys(), f"{where}: tensors {merged.keys() ^ original.keys()}")
                config = json.loads((work / "q/config.json").read_text())["quantization_config"]
                scheme = QuantizationConfig.model_validate(config).config_groups["group_0"].weights
                left = [n for n in original if n.endswith("_proj.weight") and n not in parts(packed)]
                check(all(n.split(".")[-2] in stay for n in left) and len(left) == 2 * len(stay), f"{where}: {left} stay")
                check(all(torch.equal(original[n], packed[n]) for n in original if n in packed), f"{where}: what stays differs")
                numbers += compare_weights(packed, merged, scheme, where)
                compare_codes(packed, original, scheme, where)
                for how, error in compare_logits(work / "q", run, work, where).items():
                    worst[how] = max(worst.get(how, 0.0), error)
    print(f"{numbers} dequantised numbers equal in {len(TYPES) * len(SCHEMES)} folders; largest relative difference of logits",
          ", ".join(f"{error:.1e} ({how})" for how, error in worst.items()))


main()
