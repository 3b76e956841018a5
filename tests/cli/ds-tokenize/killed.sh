# Killed at any moment and started again: the bytes of an undisturbed run, and nothing left over. KILLS=50 more often.
. "$CASE_DIR/case.bash"
python3 - <<'P'
import random
random.seed(1)
words = ["".join(random.choices("abcdefghij", k=6)) for i in range(3000)]
def text(): return " ".join(random.choices(words, k=random.randrange(1, 200)))
with open("a.jsonl", "w") as out:
    for i in range(3000): out.write('{"id":"%d","text":"%s"}\n' % (i, text()))
with open("b.txt", "w") as out:
    for i in range(6000): out.write(text() + "\n")
with open("c.jsonl", "w") as out:
    for i in range(3000): out.write('{"text":"%s"}\n' % text())
P
files="data.bin data.idx data.documents.jsonl data.tokenizer.json data.manifest.json"
run() { exec ds-tokenize encode -q -t 2 --checkpoint-every 0.01 --tokenizer "$tok" -o data "$@" a.jsonl b.txt c.jsonl; }
begin=$(date +%s%N)
(run)
took=$(( ($(date +%s%N) - begin) / 1000000 ))
mkdir expected
mv $files expected
kills=0
RANDOM=7
for try in $(seq 1000); do
  [ "$kills" -lt "${KILLS:-8}" ] || break
  run &
  pid=$!
  sleep "$(printf '0.%03d' $((RANDOM % (took < 900 ? took + 20 : 920))))"
  if kill -9 $pid 2> /dev/null; then kills=$((kills + 1)); fi
  wait $pid 2> /dev/null || true
  # One that was faster begins anew.
  if [ -e data.manifest.json ]; then rm -f $files; fi
done
[ "$kills" -ge "${KILLS:-8}" ] && echo "killed often enough"
(run)
for f in $files; do cmp $f expected/$f; done
ls -A

# Stopped by a signal: the same command goes on; --resume must wants something to go on from.
rm $files
status_of ds-tokenize encode -q --resume must --tokenizer "$tok" -o data a.jsonl b.txt c.jsonl 2>&1
ds-tokenize encode -q -t 1 --checkpoint-every 0 --tokenizer "$tok" -o data a.jsonl b.txt c.jsonl &
pid=$!
for i in $(seq 400); do [ -e .data.ds-checkpoint ] && break; sleep 0.01; done
kill -TERM $pid
status_of wait $pid
ls -A
(run --resume must)
for f in $files; do cmp $f expected/$f; done

# JSONL goes on, too.
jsonl() { ds-tokenize encode -q -t 1 --format jsonl --tokenizer "$tok" "$@" a.jsonl b.txt c.jsonl; }
jsonl -o expected/ids.jsonl
(exec ds-tokenize encode -q -t 1 --format jsonl --tokenizer "$tok" --checkpoint-every 0 -o ids.jsonl a.jsonl b.txt c.jsonl) &
pid=$!
for i in $(seq 400); do [ -e .ids.jsonl.ds-checkpoint ] && break; sleep 0.01; done
kill -9 $pid
wait $pid 2> /dev/null || true
jsonl --resume must -o ids.jsonl
cmp ids.jsonl expected/ids.jsonl
ls -A
