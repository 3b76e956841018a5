# No GPU is a resource error; where there is one, this says nothing.
. "$CASE_DIR/case.bash"
if [ -e /dev/nvidia0 ]; then echo 5; exit; fi
ds-eval perplexity -q --model "$toy/model" --data "$toy/held" --device cuda 2>err || echo $?
grep -q 'hint: use --device cpu' err
