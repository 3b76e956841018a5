# Missing, damaged, unknown.
. "$CASE_DIR/case.bash"
try() { status_of ds-export inspect "$@" 2>&1; }
try missing
mkdir empty; try empty
ds-export gguf -q --model "$toy" -o m.gguf
head -c 1000 m.gguf > cut.gguf; try cut.gguf
echo '{' > broken.manifest.json; try broken.manifest.json
try
