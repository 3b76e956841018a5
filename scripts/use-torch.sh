#!/usr/bin/env bash
# Tells the installed ds-train, ds-quantize, ds-serve and ds-eval where LibTorch is: links its libraries, and those of the
# CUDA wheels beside it, into the folder `torch` next to this script. Run it again after LibTorch has moved.
#
#   use-torch [FOLDER]     FOLDER: LibTorch (it has lib/libtorch_cpu.so), also site-packages/torch of a Python;
#                          default: the torch of python3
set -euo pipefail
fail() { printf 'use-torch: error: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2; exit "${3:-4}"; }
torch=${1:-$(python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null || true)}
[ -n "$torch" ] || fail "no LibTorch named, and python3 has no torch" "use-torch /folder/of/libtorch" 2
[ -e "$torch/lib/libtorch_cpu.so" ] || fail "$torch: there is no lib/libtorch_cpu.so in it" "name the folder that holds lib/ and include/"
torch=$(cd "$torch" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$here/torch.new"
mkdir "$here/torch.new"
for library in "$torch"/lib/*.so* "$torch"/../nvidia/*/lib/*.so*; do
  [ -e "$library" ] && ln -sf "$library" "$here/torch.new/${library##*/}"
done
rm -rf "$here/torch"
mv "$here/torch.new" "$here/torch"
printf 'use-torch: %s -> %s\n' "$here/torch" "$torch" >&2
