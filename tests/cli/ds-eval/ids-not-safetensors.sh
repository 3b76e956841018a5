. "$CASE_DIR/case.bash"
echo "1 2 3" >in.txt
refuse ds-eval forward --model "$toy/model" --ids in.txt -o out.safetensors
