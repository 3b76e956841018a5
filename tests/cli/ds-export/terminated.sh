# kill -9 at any moment leaves no file or the whole one, and a rerun completes it.
. "$CASE_DIR/case.bash"
for delay in 0.000 0.002 0.004 0.006 0.010; do
  rm -f a.gguf a.gguf.manifest.json
  ds-export gguf -q --model "$toy" -o a.gguf & pid=$!
  sleep $delay; kill -9 $pid 2>/dev/null || true; wait $pid 2>/dev/null || true
  if [ -e a.gguf ]; then ds-export inspect a.gguf >/dev/null; fi
  ds-export gguf -q --model "$toy" -o a.gguf
  ds-export verify a.gguf
done
rm -f .a.gguf.ds-lock
