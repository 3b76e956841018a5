# Options and config keys that are unknown, out of range or contradict each other: status 2.
. "$CASE_DIR/case.bash"
printf 'steps = 5\nlerning-rate = 0.1\n' >typo.toml
status_of ds-train -c typo.toml --model config.json --data data -o run 2>&1
printf 'steps = "many"\n' >text.toml
status_of ds-train -c text.toml --model config.json --data data -o run 2>&1
status_of train --steps 0 2>&1
status_of train --schedule cosin 2>&1
status_of train --warmup 40 2>&1
status_of train --patience 2 2>&1
status_of train -o - 2>&1
status_of train --device tpu 2>&1
test ! -e run
