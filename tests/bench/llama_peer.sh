#!/usr/bin/env bash
# Builds llama-bench of llama.cpp for this processor into .deps/peers/llama, from the source package of llama-cpp-python.
# Once; prints the program's path. Takes some minutes.
#
#   tests/bench/llama_peer.sh [PYTHON]     PYTHON: whose pip fetches the package
set -euo pipefail
cd "$(dirname "$0")/../.."
package=llama_cpp_python version=0.3.36
home=$PWD/.deps/peers/llama
program=$home/build/bin/llama-bench
[ -x "$program" ] && { echo "$program"; exit 0; }
mkdir -p "$home"
source=$home/$package-$version
archive=$home/$package-$version.tar.gz
for kept in .deps/llama/$package-$version.tar.gz; do [ -f "$archive" ] || { [ -f "$kept" ] && cp "$kept" "$archive"; } || true; done
[ -f "$archive" ] || "${1:-.deps/venv/bin/python}" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary "$package" -d "$home" "$package==$version"
[ -d "$source/vendor" ] || tar -C "$home" -xzf "$archive"
options=(-DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF)
{ cmake -S "$source/vendor/llama.cpp" -B "$home/build" -G Ninja "${options[@]}" &&
  nice -n 19 ninja -C "$home/build" -j "${LLAMA_JOBS:-$(nproc)}" llama-bench; } >"$home/build.log" 2>&1 ||
  { tail -n 20 "$home/build.log" >&2; exit 5; }
echo "$program"
