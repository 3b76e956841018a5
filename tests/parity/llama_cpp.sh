#!/usr/bin/env bash
# Builds .deps/llama/llama_cpp_answers: llama.cpp, from the source package of llama-cpp-python, with the small program
# llama_cpp.cpp on top. Once: a second run finds it and does nothing. CPU only, the library alone, light
# optimisation: the models of the tests are tiny. Takes about four minutes of one core.
#
#   llama_cpp.sh [PYTHON]     PYTHON: whose pip fetches the package (default: .deps/venv/bin/python)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
deps=$(cd "$here/../.." && pwd)/.deps
package=llama_cpp_python version=0.3.36
home=$deps/llama
program=$home/llama_cpp_answers
stamp="$version $(sha256sum <"$here/llama_cpp.cpp")"
[ -x "$program" ] && [ "$(cat "$home/stamp" 2>/dev/null)" = "$stamp" ] && exit 0

mkdir -p "$home"
exec 9>"$home/lock"
flock 9
python=${1:-$deps/venv/bin/python}
source=$home/$package-$version
if [ ! -d "$source/vendor/llama.cpp" ]; then
  [ -f "$source.tar.gz" ] ||
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary "$package" -d "$home" "$package==$version"
  tar -C "$home" -xzf "$source.tar.gz"
fi
mkdir -p "$home/project"
cat >"$home/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.21)
project(llama_cpp_answers C CXX)
add_subdirectory($source/vendor/llama.cpp llama.cpp EXCLUDE_FROM_ALL)
add_executable(llama_cpp_answers $here/llama_cpp.cpp)
target_link_libraries(llama_cpp_answers PRIVATE llama)
END
off=()
for option in BUILD_SHARED_LIBS LLAMA_BUILD_COMMON LLAMA_BUILD_TESTS LLAMA_BUILD_TOOLS LLAMA_BUILD_EXAMPLES \
  LLAMA_BUILD_SERVER LLAMA_BUILD_APP LLAMA_OPENSSL GGML_OPENMP GGML_LLAMAFILE GGML_CPU_REPACK; do
  off+=("-D$option=OFF")
done
cmake -S "$home/project" -B "$home/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_C_FLAGS_RELEASE='-O2 -DNDEBUG' -DCMAKE_CXX_FLAGS_RELEASE='-O1 -DNDEBUG' "${off[@]}" >"$home/configure.log" 2>&1 ||
  { tail -n 20 "$home/configure.log" >&2; exit 5; }
nice -n 19 ninja -C "$home/build" -j "${LLAMA_JOBS:-$(nproc)}" llama_cpp_answers >"$home/build.log" 2>&1 ||
  { tail -n 20 "$home/build.log" >&2; exit 5; }
mv "$home/build/llama_cpp_answers" "$program"
printf '%s\n' "$stamp" >"$home/stamp"
