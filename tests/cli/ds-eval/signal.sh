# SIGTERM while it generates: what was made is there, and the status says so.
. "$CASE_DIR/case.bash"
status=0
timeout --preserve-status -s TERM 4 ds-eval generate -q --model "$toy/model" --prompt "The red" --max-tokens 200000 --ignore-eos >out || status=$?
[ -s out ] && echo "has text"
echo $status
