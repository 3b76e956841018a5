# A folder that is no output of ds-quantize is not replaced unawares.
. "$CASE_DIR/case.bash"
mkdir mine
echo dear >mine/diary
quantize --scheme int8 -o mine || echo $?
ls mine
copy_model
quantize --scheme int8 -o model -q || echo $?
quantize --scheme int8 -o mine -q -f
ls mine
