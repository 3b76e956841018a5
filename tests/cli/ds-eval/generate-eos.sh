# The end-of-text token ends the text and is not shown; --ignore-eos goes on. Special tokens in the prompt are read as such.
. "$CASE_DIR/case.bash"
run() { ds-eval generate -q --model "$toy/model" --temperature 0 --max-tokens 40 --json "$@" | numbers finish_reason prompt_ids; }
run --prompt "The red cat sees the blue dog."
run --prompt "The red cat sees the blue dog." --ignore-eos
run --prompt "<|endoftext|>The"
