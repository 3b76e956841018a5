# The plan says what the run costs and touches nothing.
. "$CASE_DIR/case.bash"
train -n --json | python3 -c 'import json, sys
j = json.load(sys.stdin)
print(j["parameters"], j["steps"], j["tokens_per_step"], j["tokens"], j["data_tokens"], sorted(j["memory"]))'
test ! -e run
