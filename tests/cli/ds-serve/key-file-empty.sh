# A server that should be closed must not open.
printf '# no key yet\n\n' >keys.txt
ds-serve --model "$TESTDATA/toy/model" --port 0 --api-key-file keys.txt
