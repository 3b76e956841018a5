. "$CASE_DIR/case.bash"
cp "$toy/model/config.json" .
refuse ds-quantize --scheme int8 --model config.json -o q
