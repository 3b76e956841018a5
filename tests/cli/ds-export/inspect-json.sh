# One object; for several paths a list in one.
. "$CASE_DIR/case.bash"
ds-export gguf -q --model "$toy" -o m.gguf --type q4_0
ds-export inspect --json m.gguf | python3 -c '
import json, sys
o = json.load(sys.stdin)
print(sorted(o), o["kind"], o["facts"]["types"], o["facts"]["metadata"]["general.file_type"], o["provenance"]["inputs"][0]["raw"])'
ds-export inspect --json m.gguf "$toy" | python3 -c '
import json, sys
print([a["kind"] for a in json.load(sys.stdin)["artifacts"]])'
