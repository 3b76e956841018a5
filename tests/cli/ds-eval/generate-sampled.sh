# Drawn text depends on the seed alone; top-k 1 is greedy.
. "$CASE_DIR/case.bash"
run() { ds-eval generate -q --model "$toy/model" --prompt "The" --max-tokens 30 --ignore-eos "$@"; }
[ "$(run --temperature 1 --seed 1)" = "$(run --temperature 1 --seed 1 -t 1)" ] && echo "same seed, same text"
[ "$(run --temperature 1 --seed 1)" != "$(run --temperature 1 --seed 2)" ] && echo "other seed, other text"
[ "$(run --temperature 1 --top-k 1)" = "$(run --temperature 0)" ] && echo "top-k 1 is greedy"
[ "$(run --temperature 1 --top-p 0)" = "$(run --temperature 0)" ] && echo "top-p 0 is greedy"
