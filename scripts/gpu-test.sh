#!/usr/bin/env bash
# Builds the torch tools with CUDA and runs the tests labelled gpu, on a machine with a GPU, nvcc and a torch (found
# through its python3, or named by TORCH_DIR). Needs no network: what the distribution lacks is taken from .deps/offline
# (`make offline-deps`).
#
#   scripts/gpu-test.sh [BUILD]        default: build-gpu; TESTS narrows ctest's choice by a regular expression
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build-gpu}
command -v nvidia-smi >/dev/null && nvidia-smi -L || { echo "gpu-test: error: no GPU here" >&2; exit 5; }
generator=(); command -v ninja >/dev/null && generator=(-G Ninja)
[ -f "$build/CMakeCache.txt" ] && generator=()
start=$SECONDS
cmake -S . -B "$build" "${generator[@]}" -DDS_CUDA=ON -DDS_CUDA_ARCHS="${DS_CUDA_ARCHS:-90a}" -DDS_TOOLS=train,quantize,serve,eval \
  -DCMAKE_PREFIX_PATH="$PWD/.deps/offline" ${TORCH_DIR:+-DTORCH_DIR="$TORCH_DIR"}
cmake --build "$build" -j "$(nproc)"
echo "== build $((SECONDS - start)) s"
ctest --test-dir "$build" --output-on-failure -L '^gpu$' ${TESTS:+-R "$TESTS"}
