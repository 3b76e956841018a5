# Two micro-batches of two windows are the step of one batch of four, in fp32 to rounding.
. "$CASE_DIR/case.bash"
train --precision fp32 --steps 8 -o one
train --precision fp32 --steps 8 --batch-size 2 --accumulation 2 -o two
paste <(curve one) <(curve two) | awk '{ d = ($2 - $7) / $2; if (d < 0) d = -d; if (d > 1e-4) print "step " $1 ": " $2 " and " $7 }'
