# kill -9 at any moment, again and again, then the same command: the same bytes as a run that was never killed, and every step
# once in metrics.jsonl.
. "$CASE_DIR/case.bash"
train
mv run whole
for after in 1.1 0.7 1.6; do
  begin
  sleep $after
  kill -9 $! 2>/dev/null || true
  wait $! 2>/dev/null || true
done
train
cmp whole/model.safetensors run/model.safetensors
cmp whole/manifest.json run/manifest.json
diff -r whole/checkpoints/step-40 run/checkpoints/step-40
diff <(curve whole) <(curve run)
curve run | wc -l
