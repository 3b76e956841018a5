. "$CASE_DIR/case.bash"
refuse quantize --scheme int8 --ignore proj -o q
