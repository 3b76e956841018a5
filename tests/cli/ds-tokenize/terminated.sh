# SIGTERM: 143, SIGINT: 130; no output, nothing left over.
. "$CASE_DIR/case.bash"
for signal in TERM INT; do
  mkfifo pipe
  ds-tokenize encode -q --tokenizer "$tok" -o data --input-format jsonl pipe &
  first=$!
  exec 3> pipe
  for i in $(seq 100); do ls -A | grep -q ds-lock && break; sleep 0.05; done
  kill -$signal $first
  head -2000 "$corpus" >&3
  exec 3>&-
  status_of wait $first
  rm pipe
done
ls -A
