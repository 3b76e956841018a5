. "$CASE_DIR/case.bash"
refuse quantize -o q
