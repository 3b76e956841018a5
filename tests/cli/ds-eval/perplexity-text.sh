# Without --json a line for people on stderr, nothing on stdout.
. "$CASE_DIR/case.bash"
ds-eval perplexity --model "$toy/model" --data "$toy/held"
