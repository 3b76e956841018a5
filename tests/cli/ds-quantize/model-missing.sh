. "$CASE_DIR/case.bash"
refuse ds-quantize --scheme int8 --model nothing -o q
