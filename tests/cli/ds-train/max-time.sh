# --max-time saves and ends with 75, each time a little further; nothing is done twice.
. "$CASE_DIR/case.bash"
status_of ds-train -c train.toml --steps 100000 --save-every 0 --log-every 1 --max-time 1 --model config.json --data data -o run
first=$(curve run | wc -l)
status_of ds-train -c train.toml --steps 100000 --save-every 0 --log-every 1 --max-time 1 --model config.json --data data -o run
second=$(curve run | wc -l)
test "$second" -gt "$first"
curve run | awk '$1 != NR { print "step " $1 " on line " NR }'
