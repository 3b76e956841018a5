# A rerun does nothing; a changed option, input or -f does the work again; the depfile names the inputs.
. "$CASE_DIR/case.bash"
{ doc a one; doc b one; } > in.jsonl
ds-clean --depfile clean.d -o clean.jsonl in.jsonl
ds-clean -t 1 -o clean.jsonl in.jsonl
ds-clean --dedup none -o clean.jsonl in.jsonl
ds-clean --dedup none -f -o clean.jsonl in.jsonl
doc c two >> in.jsonl
ds-clean --dedup none -o clean.jsonl in.jsonl
rm clean.jsonl.manifest.json
ds-clean --dedup none -o clean.jsonl in.jsonl
cat clean.d
