"""The peer of train_cpu.py: the loop that a PyTorch user writes around transformers' LlamaForCausalLM. Prints one JSON line.

    python train_cpu_peer.py CONFIG DATA.bin VARIANT STEPS BATCH SEQ THREADS

VARIANT: `autocast` (fp32 weights, torch.autocast in bf16, fused AdamW) or `master` (bf16 weights and gradients, fp32 masters
under fused AdamW, copied back after each step).
"""
import json
import sys
import time

import numpy
import torch
from transformers import LlamaConfig, LlamaForCausalLM

config_path, data_path, variant = sys.argv[1:4]
steps, batch, seq, threads = map(int, sys.argv[4:8])
torch.set_num_threads(threads)
torch.manual_seed(0)
config = LlamaConfig(**json.load(open(config_path)))
config._attn_implementation = "sdpa"
model = LlamaForCausalLM(config)
tokens = torch.from_numpy(numpy.fromfile(data_path, dtype="<u2").astype("int64"))

if variant == "master":
    masters = [p.detach().clone() for p in model.parameters()]
    model = model.to(torch.bfloat16)
else:
    masters = list(model.parameters())
groups = [{"params": [p for p in masters if p.dim() >= 2], "weight_decay": 0.1},
          {"params": [p for p in masters if p.dim() < 2], "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), fused=True)
order = torch.randperm((len(tokens) - 1) // seq)

times, loss = [], None
for step in range(steps):
    start = time.perf_counter()
    rows = [order[(step * batch + r) % len(order)] * seq for r in range(batch)]
    ids = torch.stack([tokens[w:w + seq] for w in rows])
    targets = torch.stack([tokens[w + 1:w + seq + 1] for w in rows])
    with torch.autocast("cpu", torch.bfloat16, enabled=variant == "autocast"):
        logits = model(input_ids=ids, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(logits.float().view(-1, config.vocab_size), targets.view(-1))
    loss.backward()
    if variant == "master":
        for m, p in zip(masters, model.parameters()):
            m.grad = p.grad.float()
            p.grad = None
    torch.nn.utils.clip_grad_norm_(masters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    if variant == "master":
        with torch.no_grad():
            for m, p in zip(masters, model.parameters()):
                p.copy_(m)
    loss = loss.item()
    times.append(time.perf_counter() - start)
print(json.dumps({"seconds": times, "loss": loss, "torch": torch.__version__}))
