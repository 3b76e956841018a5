# Another process writes the same output.
. "$CASE_DIR/case.bash"
exec 9>.q.ds-lock
flock 9
status=0
quantize --scheme int8 -o q || status=$?
rm -f .q.ds-lock
ls
exit $status
