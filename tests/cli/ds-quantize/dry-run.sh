# What would be done; nothing is touched. The size is that of the real thing.
. "$CASE_DIR/case.bash"
quantize --scheme int8 -o q --dry-run
ls -A
quantize --scheme int8 -o q --dry-run --json | values bytes_before bytes_after
