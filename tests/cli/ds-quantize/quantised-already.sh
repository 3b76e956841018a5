. "$CASE_DIR/case.bash"
quantize --scheme int8 -o q -q
refuse ds-quantize --scheme int4 --model q -o q4
