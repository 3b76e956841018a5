# A full disk and a full stdout are no success; an old file stays.
. "$CASE_DIR/case.bash"
status=0; ds-export inspect "$toy" > /dev/full 2> err || status=$?; echo "status $status"; cat err
status=0; ds-export gguf -q --model "$toy" -o /dev/full 2> err || status=$?; echo "status $status"; cat err
# The disk is full when the file is half written.
cp "$toy/config.json" a.gguf
status=0; (ulimit -f 20; trap '' XFSZ; ds-export gguf -q --model "$toy" -o a.gguf 2> err) || status=$?; echo "status $status"; cat err
cmp a.gguf "$toy/config.json"
