# All as written: 0. A changed byte, a missing file: 1, with what was expected. No manifest: 4. A damaged one: 3.
. "$CASE_DIR/case.bash"
ds-export merge -q --model "$toy" -o m
ds-export gguf -q --model m -o m.gguf
status_of ds-export verify m m.gguf m/manifest.json m/config.json
status_of ds-export verify --json m.gguf | sed -E 's/[0-9a-f]{64}/HASH/g'
printf x | dd of=m.gguf bs=1 seek=30000 conv=notrunc 2>/dev/null
status_of ds-export verify m m.gguf 2>&1 | sed -E 's/[0-9a-f]{64}/HASH/g'
rm m/generation_config.json
status_of ds-export verify m 2>&1 | sed -E 's/[0-9a-f]{64}/HASH/g'
status_of ds-export verify "$toy" 2>&1 | sed 's!error: .*/toy/!error: toy/!'
status_of ds-export verify missing 2>&1
echo '{"format": 1}' > m/manifest.json
status_of ds-export verify m 2>&1
