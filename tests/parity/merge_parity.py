#!/usr/bin/env python3
"""ds-export merge against transformers and peft, on a random llama made here.

    merge_parity.py [--bin build/bin]      exit 1 on a difference

The same model cut into shards has equal logits in transformers, to the bit. With a LoRA adapter folded in, they are those
of peft's own merge: the sums are rounded once, so to within a rounding of each weight.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TQDM_DISABLE"] = "1"

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--bin", default="build/bin")
args = parser.parse_args()
EXPORT = os.path.join(os.path.abspath(args.bin), "ds-export")
failures = 0


def logits(model, ids):
    with torch.no_grad():
        return model(ids).logits.float()


def check(name, difference, limit):
    global failures
    good = difference <= limit
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {name}: largest difference {difference:.3g} (limit {limit:g})")


torch.manual_seed(0)
config = LlamaConfig(vocab_size=211, hidden_size=64, intermediate_size=160, num_hidden_layers=3, num_attention_heads=4,
                     num_key_value_heads=2, max_position_embeddings=128, initializer_range=0.1, tie_word_embeddings=False)
ids = torch.randint(0, 211, (2, 40))
with tempfile.TemporaryDirectory() as scratch:
    base = os.path.join(scratch, "base")
    LlamaForCausalLM(config).save_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    expected = logits(model, ids)

    shards = os.path.join(scratch, "shards")
    subprocess.run([EXPORT, "merge", "-q", "--model", base, "-o", shards, "--max-shard-size", "100KB"], check=True)
    count = len(list(pathlib.Path(shards).glob("model-*.safetensors")))
    check(f"{count} shards", (logits(AutoModelForCausalLM.from_pretrained(shards, dtype=torch.float32), ids) - expected).abs().max().item()
          if count > 1 else float("inf"), 0.0)

    for rslora in (False, True):
        adapter = os.path.join(scratch, f"adapter-{rslora}")
        wrapped = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
                                 LoraConfig(r=4, lora_alpha=12, use_rslora=rslora, target_modules=["q_proj", "v_proj", "down_proj"]))
        for name, parameter in wrapped.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.1)
        wrapped.save_pretrained(adapter)
        theirs = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter).merge_and_unload()
        merged = os.path.join(scratch, f"merged-{rslora}")
        subprocess.run([EXPORT, "merge", "-q", "--model", base, "--adapter", adapter, "-o", merged], check=True)
        ours = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)
        worst = max((a - b).abs().max().item() for a, b in zip(ours.state_dict().values(), theirs.state_dict().values()))
        check(f"adapter, rslora {rslora}, weights", worst, 1e-6)
        check(f"adapter, rslora {rslora}, logits", (logits(ours, ids) - logits(theirs, ids)).abs().max().item(), 1e-4)
        check(f"adapter, rslora {rslora}, changes something", -(logits(ours, ids) - expected).abs().max().item(), -1e-3)
sys.exit(failures > 0)
