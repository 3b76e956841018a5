# A second process on the same output is refused and names the first; the first is not disturbed.
. "$CASE_DIR/case.bash"
mkfifo pipe
ds-clean -q -o clean.jsonl --input-format jsonl pipe &
first=$!
exec 3<> pipe
doc a one >&3
for i in $(seq 100); do ls -A | grep -q ds-lock && break; sleep 0.05; done
status=0
ds-clean -o clean.jsonl - < /dev/null || status=$?
echo "second: $status"
exec 3>&-
wait $first
cat clean.jsonl
