# The event file holds whole TFRecords: length, checksum, event, checksum, to the last byte.
. "$CASE_DIR/case.bash"
train --steps 5
python3 - <<'PY'
import glob, struct
data = open(glob.glob("run/tensorboard/events.out.tfevents.*")[0], "rb").read()
at = count = 0
while at < len(data):
    length, = struct.unpack_from("<Q", data, at)
    at += 16 + length
    count += 1
assert at == len(data)
print(count, b"train/loss" in data)
PY
train --steps 5 --no-tensorboard -o quiet-run
ls quiet-run
