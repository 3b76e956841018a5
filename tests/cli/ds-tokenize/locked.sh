# A second process on the same output is refused and names the first; the first is not disturbed.
. "$CASE_DIR/case.bash"
mkfifo pipe
ds-tokenize encode -q --tokenizer "$tok" -o data --input-format jsonl pipe &
first=$!
exec 3> pipe
head -1 "$corpus" >&3
for i in $(seq 100); do ls -A | grep -q ds-lock && break; sleep 0.05; done
status_of ds-tokenize encode --tokenizer "$tok" -o data "$corpus" 2>&1 | sed "s/$first/PID/"
exec 3>&-
wait $first
ls
