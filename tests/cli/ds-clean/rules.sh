# Length and repetition rules, exact and near duplicates, each with its reason.
. "$CASE_DIR/case.bash"
{
  doc short "Hi"
  doc good "The committee met on Tuesday to discuss the plan for the new bridge over the river."
  doc same "The committee met on Tuesday to discuss the plan for the new bridge over the river."
  doc near "THE committee met on Tuesday, to discuss the plan for the new bridge over the river!"
  doc spam "$(for i in $(seq 30); do printf 'buy now '; done)"
  doc long "$(head -c 5000 /dev/zero | tr '\0' x)"
  doc zh "委员会星期二开会，讨论在河上修建新桥的计划。"
} > in.jsonl
ds-clean --min-chars 5 --max-chars 1000 --rejects rej.jsonl -o clean.jsonl in.jsonl
cat clean.jsonl
grep -o '"id":"[a-z]*"' rej.jsonl
grep -o '"reject".*' rej.jsonl
