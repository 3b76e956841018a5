# The continuation alone on stdout, byte for byte.
. "$CASE_DIR/case.bash"
ds-eval generate -q --model "$toy/model" --prompt "The red cat" --max-tokens 50 --temperature 0
echo "|"
printf 'The old' >prompt.txt
ds-eval generate -q --model "$toy/model" --prompt-file prompt.txt --max-tokens 5 --temperature 0
echo "|"
