ds-serve --model "$TESTDATA/toy/model" --port 70000
