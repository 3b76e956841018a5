#!/usr/bin/env bash
# What `make check` runs on top of the compiler: formatting, the rules of scripts/check_levels.py, clang-tidy.
#
#   scripts/check.sh [BUILD]     BUILD holds compile_commands.json (default: build)
#
# clang-tidy is slow, so it reads only the C++ files that differ from BASE (default: the upstream branch, else the last
# commit's parent); FIX=1 formats instead of complaining.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 4
build=${1:-build}
bin=.deps/venv/bin
status=0

mapfile -t sources < <(git ls-files -- '*.h' '*.cpp' '*.cu')
if [ -n "${FIX:-}" ]; then $bin/clang-format -i "${sources[@]}"
elif ! $bin/clang-format --dry-run --Werror "${sources[@]}"; then
  echo "check: FIX=1 scripts/check.sh formats these files" >&2
  status=1
fi

python3 scripts/check_levels.py --mirror || status=1
for script in $(git ls-files -- '*.sh' .ci/run); do bash -n "$script" || status=1; done
scripts/lint.sh || status=1

base=${BASE:-$(git rev-parse -q --verify '@{upstream}' || git rev-parse -q --verify HEAD~1 || git rev-parse HEAD)}
mapfile -t changed < <(git diff --name-only --diff-filter=d "$base" -- 'lib/*.cpp' 'tools/*.cpp')
if [ ${#changed[@]} -gt 0 ]; then
  # Clang cannot read g++'s precompiled header; it parses the header's text instead.
  database=$(mktemp -d)
  trap 'rm -rf "$database"' EXIT
  sed -E 's/ -fpch-preprocess//g; s/ -Winvalid-pch//g; s# -include [^ "]*/cmake_pch\.hxx##g' "$build/compile_commands.json" >"$database/compile_commands.json"
  echo "check: clang-tidy reads ${#changed[@]} files that differ from ${base:0:8}"
  printf '%s\n' "${changed[@]}" | xargs -P "$(nproc)" -n 4 "$bin/clang-tidy" -p "$database" --quiet --warnings-as-errors='*' 2>&1 |
    grep -v -E '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header' 
  [ "${PIPESTATUS[1]}" -eq 0 ] || status=1
fi
[ $status -eq 0 ] && echo "check: clean"
exit $status
