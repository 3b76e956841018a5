# The text column must exist.
. "$CASE_DIR/case.bash"
printf 'key,body\n1,x\n' > in.csv
refuse ds-clean -o clean.jsonl in.csv
