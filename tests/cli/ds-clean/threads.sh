# The same bytes at any number of threads, with rejects and report.
for i in $(seq 4000); do
  echo "{\"id\":\"$i\",\"text\":\"line $i $(printf '%x %o' $((i * 7919 % 3001)) $((i * 104729 % 501))) and the rest of a sentence, which goes on\"}"
done > in.jsonl
for t in 1 2 5; do
  ds-clean -q -t $t --rejects rej.$t --report report.$t -o out.$t in.jsonl
  cat out.$t rej.$t report.$t | sha256sum
done | sort -u | wc -l
