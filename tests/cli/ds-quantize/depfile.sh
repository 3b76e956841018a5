. "$CASE_DIR/case.bash"
copy_model
cp "$toy/held.bin" "$toy/held.idx" .
ds-quantize --scheme int8 --model model --data held -o q -q --depfile q.d
cat q.d
