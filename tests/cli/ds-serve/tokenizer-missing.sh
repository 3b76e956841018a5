cp -r "$TESTDATA/toy/model" model && rm -f model/tokenizer.json
ds-serve --model model --port 0
