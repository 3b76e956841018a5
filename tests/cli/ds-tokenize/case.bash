# Sourced by cases: a corpus, and the tokenizer that the unit tests use too.
corpus=$TESTDATA/tokenizer/corpus.jsonl
tok=$TESTDATA/tokenizer/bpe.tokenizer.json
status_of() { local status=0; "$@" || status=$?; echo "status $status"; }
