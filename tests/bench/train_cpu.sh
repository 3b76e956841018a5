#!/usr/bin/env bash
# Training speed on the CPU against plain PyTorch loops of the same model on the same cores, in one alternating run. Writes
# tests/bench/results/train_cpu.json. PEER_PYTHON names a Python that has torch and transformers; without it they are
# installed into .deps/peers/torch.
#
#   tests/bench/train_cpu.sh [BIN] [options of train_cpu.py]      BIN: folder of the programs, default build/bin
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=build/bin
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then bin=$1; shift; fi
if [ -z "${PEER_PYTHON:-}" ]; then
  peers=.deps/peers/torch
  [ -x $peers/bin/python ] || python3 -m venv $peers
  $peers/bin/python -c 'import torch, transformers' 2>/dev/null ||
    $peers/bin/pip install -q torch==2.11.0 transformers==5.17.0
  PEER_PYTHON=$peers/bin/python
fi
export PEER_PYTHON
exec python3 tests/bench/train_cpu.py --bin "$bin" "$@"
