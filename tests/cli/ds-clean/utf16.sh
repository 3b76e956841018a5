# UTF-16 is named, not mangled.
. "$CASE_DIR/case.bash"
printf '\xff\xfea\0b\0' > in.txt
refuse ds-clean -o clean.jsonl in.txt
