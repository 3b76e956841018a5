# Types and shards; a second run; a folder of others stays.
. "$CASE_DIR/case.bash"
ds-export merge --model "$toy" -o same 2>&1
cmp same/model.safetensors "$toy/model.safetensors"
ds-export merge --model "$toy" -o same 2>&1
ds-export merge --model "$toy" -o shards --dtype float32 --max-shard-size 40000 2>&1
ls shards
ds-export merge --model shards -o back --dtype bfloat16 --max-shard-size 0 --json -q
cmp back/model.safetensors "$toy/model.safetensors"
ds-export merge --model "$toy" -o planned -n 2>&1
mkdir theirs; touch theirs/letter
status_of ds-export merge --model "$toy" -o theirs 2>&1
status_of ds-export merge --model same -o same 2>&1
ls theirs
ds-export merge -q -f --model "$toy" -o theirs
ls theirs
