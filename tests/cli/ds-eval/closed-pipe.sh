# A reader that goes away ends it quietly.
. "$CASE_DIR/case.bash"
set -o pipefail
ds-eval generate -q --model "$toy/model" --prompt "The red" --max-tokens 200 --ignore-eos --temperature 0 | head -c 8
