# Every type: the summary, a second run that does nothing, -f, the same bytes for any -t.
. "$CASE_DIR/case.bash"
for type in f32 f16 bf16 q8_0 q4_0; do
  ds-export gguf --model "$toy" -o $type.gguf --type $type 2>&1
done
ds-export gguf --model "$toy" -o own.gguf 2>&1
ds-export gguf --model "$toy" -o own.gguf 2>&1
ds-export gguf --model "$toy" -o own.gguf -f -t 3 2>&1
ds-export gguf --model "$toy" -o again.gguf -t 1 -q
cmp own.gguf again.gguf && cmp own.gguf bf16.gguf || true
ds-export gguf --model "$toy" -o own.gguf --json -q
ds-export gguf -q --model "$toy" -o - | cmp - own.gguf
ls -A
