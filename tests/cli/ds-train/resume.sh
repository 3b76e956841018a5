# --resume must needs a run, --resume never starts again.
. "$CASE_DIR/case.bash"
status_of train --resume must 2>&1
status_of train --steps 5
curve run | wc -l
status_of train --steps 5 --resume never
curve run | wc -l
