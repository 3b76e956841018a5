# A quote that is never closed: the line where it opens is named.
. "$CASE_DIR/case.bash"
printf 'id,text\n1,"fine, with\na line end"\n2,"never closed\n3,x\n4,y\n' > in.csv
refuse ds-clean -o clean.jsonl in.csv
