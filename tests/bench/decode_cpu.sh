#!/usr/bin/env bash
# Tokens per second of one sequence on the CPU, bf16 against int8 and int4, and against llama.cpp on the same weights, cores
# and prompt, in one alternating run. Writes tests/bench/results/decode_cpu.json. LLAMA_BENCH names a llama-bench; without it
# one is built (llama_peer.sh); LLAMA_BENCH=none leaves the peer out.
#
#   tests/bench/decode_cpu.sh [BIN] [options of decode_cpu.py]      BIN: folder of the programs, default build/bin
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=build/bin
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then bin=$1; shift; fi
python=.deps/venv/bin/python
"$python" -c 'import numpy' 2>/dev/null || python=python3
export LLAMA_BENCH=${LLAMA_BENCH:-$(tests/bench/llama_peer.sh)}
exec "$python" tests/bench/decode_cpu.py --bin "$bin" "$@"
