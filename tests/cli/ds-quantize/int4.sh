# Groups of 32; ds-eval runs it in both precisions.
. "$CASE_DIR/case.bash"
quantize --scheme int4 --group-size 32 -o q -q
values bits group_size bytes_before bytes_after loss <q/quantization_report.json
for p in fp32 bf16; do loss --model q --precision $p; done >losses
python3 -c '
a, b = map(float, open("losses"))
assert abs(a - b) < 0.02 * a, (a, b)'
