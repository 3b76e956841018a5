# The tokenizer has no markers of this form.
ds-serve --model "$TESTDATA/toy/model" --port 0 --chat-template chatml
