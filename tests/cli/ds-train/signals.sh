# SIGTERM, SIGINT and SIGUSR1: the step is finished, the state saved, the status tells which; then the same command ends it.
# Many steps, so that the signal comes in time on a fast machine too.
. "$CASE_DIR/case.bash"
for signal in TERM INT USR1; do
  ds-train -c train.toml --steps 100000 --save-every 0 --log-every 1000 --model config.json --data data -o run-$signal &
  until [ -s run-$signal/metrics.jsonl ]; do sleep 0.05; done
  kill -$signal $!
  status=0; wait $! || status=$?
  echo "$signal: $status, checkpoints $(ls run-$signal/checkpoints | wc -l), manifest $(ls run-$signal | grep -c manifest || true)"
done
