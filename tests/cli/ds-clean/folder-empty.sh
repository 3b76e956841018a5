# A folder without readable files.
. "$CASE_DIR/case.bash"
mkdir -p folder/sub
touch folder/image.png folder/.hidden.txt
refuse ds-clean -o clean.jsonl folder
