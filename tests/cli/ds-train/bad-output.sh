# Outputs that cannot be: a missing folder, a file, an input, a foreign folder. Nothing is touched.
. "$CASE_DIR/case.bash"
status_of train -o missing/run 2>&1
touch file; status_of train -o file 2>&1
train --steps 2 --warmup 1 -o model
status_of train --model model -o model 2>&1
mkdir letters; echo dear >letters/one.txt
status_of train -o letters 2>&1
ls letters
