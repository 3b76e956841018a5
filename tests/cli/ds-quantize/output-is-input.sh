. "$CASE_DIR/case.bash"
copy_model
refuse ds-quantize --scheme int8 --model model -o ./model -f
