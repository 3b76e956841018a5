ds-serve --model "$TESTDATA/toy/model" --port 0 --api-key-file none.txt
