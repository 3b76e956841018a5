# Equal work is not done twice; other options are. The bytes do not depend on the threads.
. "$CASE_DIR/case.bash"
run() { quantize -o q --scheme int8 "$@" 2>&1 | sed 's/ (.*//'; }
run -t 1
sha256sum q/* >sums
run
run -f -t 3
sha256sum -c --quiet sums
run --group-size 32
values bits group_size <q/quantization_report.json
