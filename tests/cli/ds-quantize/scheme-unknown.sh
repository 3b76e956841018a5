. "$CASE_DIR/case.bash"
refuse quantize --scheme int3 -o q
