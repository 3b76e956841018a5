#!/usr/bin/env bash
# Lints the shell scripts, the Slurm script and the Containerfile with the linters of scripts/setup.sh test.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 4
bin=${LINT_BIN:-.deps/venv/bin}
status=0
mapfile -t scripts < <(git ls-files -- 'scripts/*.sh' 'scripts/*.slurm' 'tests/package/*.sh' 'tests/pipeline/*.sh' 'tests/bench/*.sh' 'tests/parity/*.sh' .ci/run)
"$bin/shellcheck" -S warning "${scripts[@]}" || status=1
"$bin/hadolint" scripts/Containerfile || status=1
[ $status -eq 0 ] && echo "lint: ${#scripts[@]} scripts and the Containerfile are clean"
exit $status
