# For the cases here that must fail. refuse COMMAND…: runs it, then shows what it left in the folder and whether it wrote to
# stdout (it must not), and ends the case with its exit status.
refuse() {
  local status=0
  "$@" >"$TMPDIR/stdout" || status=$?
  [ ! -s "$TMPDIR/stdout" ] || echo "stdout is not empty"
  echo "files:" $(ls -A)
  exit "$status"
}
doc() { printf '{"id":"%s","text":"%s"}\n' "$1" "$2"; }
