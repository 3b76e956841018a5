# Another process writes the same file.
. "$CASE_DIR/case.bash"
flock .a.gguf.ds-lock sleep 20 &
holder=$!
for _ in $(seq 100); do [ -e .a.gguf.ds-lock ] && ! flock -n .a.gguf.ds-lock true && break; sleep 0.05; done
status_of ds-export gguf --model "$toy" -o a.gguf 2>&1
kill $holder; wait $holder 2>/dev/null || true
rm -f .a.gguf.ds-lock
