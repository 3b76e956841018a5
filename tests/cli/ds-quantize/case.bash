# For the cases here: the toy model (inputs of 32 and 64) and its data, and commands that must fail. refuse COMMAND…: runs
# it, then shows what it left in the folder and whether it wrote to stdout (it must not), and ends the case with its status.
toy="$TESTDATA/toy"
cp "$toy/held.bin" "$toy/held.idx" "$TMPDIR"  # plain token data, without a manifest
held="$TMPDIR/held"
refuse() {
  local status=0
  "$@" >"$TMPDIR/stdout" || status=$?
  [ ! -s "$TMPDIR/stdout" ] || echo "stdout is not empty"
  echo "files:" $(ls -A)
  exit "$status"
}
quantize() { ds-quantize --model "$toy/model" "$@"; }
copy_model() { cp -r "$toy/model" model && chmod -R u+w model; }
loss() { ds-eval perplexity -q --data "$held" --json "$@" | python3 -c 'import json, sys; print(json.load(sys.stdin)["loss"])'; }
# A JSON object on stdin: the values of these keys, one a line; a.b is b of the object a.
values() {
  python3 -c '
import functools, json, sys
o = json.load(sys.stdin)
for k in sys.argv[1:]:
    print(k, functools.reduce(lambda v, part: v[part], k.split("."), o))' "$@"
}
