# Windows and batches: other sizes of pass give the same, a smaller window knows less.
. "$CASE_DIR/case.bash"
run() { ds-eval perplexity -q --model "$toy/model" --data "$toy/held" --json "$@" | numbers loss tokens; }
run --batch-size 1
run --batch-size 3 -t 1
run --seq-len 8
run --seq-len 8 --stride 2
run --no-document-mask
