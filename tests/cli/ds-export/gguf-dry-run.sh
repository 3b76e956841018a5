# -n writes nothing; --depfile names what was read.
. "$CASE_DIR/case.bash"
ds-export gguf --model "$toy" -o a.gguf --type q8_0 -n 2>&1
ls -A
cp -r "$toy" m
ds-export gguf -q --model m -o a.gguf --depfile a.d
cat a.d
