. "$CASE_DIR/case.bash"
refuse quantize --scheme int8 --max-loss-increase 0.03 -o q
