# What cannot be exported, and that an old file stays.
. "$CASE_DIR/case.bash"
echo old > a.gguf
try() { status_of ds-export gguf --model "$1" -o "${2:-a.gguf}" "${@:3}" 2>&1; }
try missing
cp "$toy/config.json" bare.json; try bare.json
try "$toy" nowhere/a.gguf
copy_model none; rm none/tokenizer.json; try none
try none a.gguf --no-tokenizer -n
copy_model split; sed -i 's/{1,3}/{1,2}/' split/tokenizer.json; try split
copy_model cut; head -c 3000 cut/model.safetensors > cut/x; mv cut/x cut/model.safetensors; try cut
copy_model other; sed -i 's/"model_type": "llama"/"model_type": "gpt5"/' other/config.json; try other
copy_model size; sed -i 's/"intermediate_size": 64/"intermediate_size": 96/' size/config.json; try size
copy_model small; sed -i 's/"vocab_size": 290/"vocab_size": 280/' small/config.json; try small
try "$toy" a.gguf --type q5
try small small/model.safetensors
cat a.gguf
ls -A
