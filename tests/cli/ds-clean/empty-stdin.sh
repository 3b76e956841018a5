# Empty stdin too.
. "$CASE_DIR/case.bash"
refuse ds-clean -o - - < /dev/null
