# A record with another number of fields than the header.
. "$CASE_DIR/case.bash"
printf 'id,text\n1,fine\n2,one,too many\n' > in.csv
refuse ds-clean -o clean.jsonl in.csv
