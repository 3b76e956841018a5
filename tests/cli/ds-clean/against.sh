# What is held out is taken out of the training text.
. "$CASE_DIR/case.bash"
doc h "Held out is this sentence about a lighthouse on a small island in the north." > held.jsonl
{ doc a "Something else entirely, which stays where it is."
  doc b "Held out is this sentence about a lighthouse, on a small island in the North"; } > in.jsonl
ds-clean -q --against held.jsonl --rejects rej.jsonl -o train.jsonl in.jsonl
cat train.jsonl rej.jsonl
