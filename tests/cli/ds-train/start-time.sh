# The front door answers without loading LibTorch.
ds-train --version >/dev/null
python3 - <<'PY'
import subprocess, time
best = min((lambda t: (subprocess.run(["ds-train", "--version"], stdout=subprocess.DEVNULL, check=True), time.time() - t)[1])(time.time()) for _ in range(5))
print("under 100 ms" if best < 0.1 else best)
PY
ldd "$(command -v ds-train)" | grep -c torch || true
