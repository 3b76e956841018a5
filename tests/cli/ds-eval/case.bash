# For the cases here: the toy model and its data, and commands that must fail. refuse COMMAND…: runs it, then shows what it
# left in the folder and whether it wrote to stdout (it must not), and ends the case with its exit status.
toy="$TESTDATA/toy"
refuse() {
  local status=0
  "$@" >"$TMPDIR/stdout" || status=$?
  [ ! -s "$TMPDIR/stdout" ] || echo "stdout is not empty"
  echo "files:" $(ls -A)
  exit "$status"
}
tensors() { python3 "$CASE_DIR/tensors.py" "$@"; }
copy_model() { cp -r "$toy/model" model && chmod -R u+w model; }
# The numbers of a JSON object on stdin that do not depend on the machine's speed, rounded.
numbers() {
  python3 -c '
import json, sys
o = json.load(sys.stdin)
for k in sys.argv[1:]:
    print(k, round(o[k], 3) if isinstance(o[k], float) else o[k])' "$@"
}
