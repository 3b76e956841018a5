# Started, asked, stopped by a signal: exit status 0, and stdout stays empty.
ds-serve --model "$TESTDATA/toy/model" --port 0 --access-log >out 2>log &
for i in $(seq 600); do grep -q ^listening log && break; sleep 0.1; done
python3 - "$(sed -n 's/^listening on //p' log)" <<'PY'
import json, sys, urllib.request
body = json.dumps({"prompt": "Once upon", "max_tokens": 3, "temperature": 0}).encode()
request = urllib.request.Request(sys.argv[1] + "/v1/completions", body, {"Content-Type": "application/json", "X-Request-Id": "me"})
print(json.load(urllib.request.urlopen(request))["usage"]["completion_tokens"])
PY
kill -TERM $!
wait $!
cat out
grep -v ^listening log
