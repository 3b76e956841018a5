# A second process on the same run is told who has it.
. "$CASE_DIR/case.bash"
begin --steps 100000 --save-every 0 --log-every 1000
until [ -s run/metrics.jsonl ]; do sleep 0.05; done
status_of train --steps 100000 --save-every 0 2>&1 | sed "s/$!/PID/"
kill -9 $!; wait $! 2>/dev/null || true
rm -f .run.ds-lock
