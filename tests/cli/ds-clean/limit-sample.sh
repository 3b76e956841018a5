# --limit stops after so many kept documents; --sample chooses by id and seed, the same ones every time.
for i in $(seq 1000); do echo "{\"id\":\"$i\",\"text\":\"document number $(printf %x $((i * 7919))) $i\"}"; done > in.jsonl
ds-clean -q --dedup exact --limit 3 -o - in.jsonl
for t in 1 2; do ds-clean -q --dedup exact --sample 0.1 --seed 1 -t $t -o - in.jsonl | sha256sum; done | sort -u | wc -l
ds-clean -q --dedup exact --sample 0.1 --seed 1 -o one in.jsonl
ds-clean -q --dedup exact --sample 0.1 --seed 2 -o two in.jsonl
cmp -s one two || echo "another seed, another sample"
n=$(wc -l < one)
[ "$n" -gt 60 ] && [ "$n" -lt 140 ] && echo "about a tenth"
