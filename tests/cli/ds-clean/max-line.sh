# A line over --max-line is an error, not an allocation.
. "$CASE_DIR/case.bash"
{ doc a one; printf '{"id":"b","text":"'; head -c 3000000 /dev/zero | tr '\0' x; printf '"}\n'; } > in.jsonl
refuse ds-clean --max-line 1M -o clean.jsonl in.jsonl
