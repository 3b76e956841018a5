. "$CASE_DIR/case.bash"
refuse quantize --scheme int4 -o q
