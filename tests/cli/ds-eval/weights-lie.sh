# A header that claims 2^60 bytes, and one that is longer than the file.
. "$CASE_DIR/case.bash"
copy_model
python3 - <<'PY'
import struct
h = b'{"model.norm.weight":{"dtype":"F32","shape":[288230376151711744],"data_offsets":[0,1152921504606846976]}}'
open("model/model.safetensors", "wb").write(struct.pack("<Q", len(h)) + h + b"\0" * 64)
PY
ds-eval generate --model model --prompt "The" || echo $?
python3 -c 'open("model/model.safetensors", "wb").write(b"\xff" * 7 + b"\x0f" + b"{}")'
refuse ds-eval generate --model model --prompt "The"
