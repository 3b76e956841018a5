# One line, or all facts as JSON; under 10 ms for the tools that link no torch (best of 20: other load does not count).
ds-clean --version
ds-tokenize train --version
ds-clean --version --json | python3 -c 'import json,sys; print(sorted(json.load(sys.stdin)))'
python3 - <<'P'
import subprocess, time
for tool in "ds-clean", "ds-tokenize":
    best = 1.0
    for _ in range(20):
        start = time.perf_counter()
        subprocess.run([tool, "--version"], stdout=subprocess.DEVNULL, check=True)
        best = min(best, time.perf_counter() - start)
    if best > 0.010:
        print(f"{tool} --version took {best * 1000:.1f} ms")
P
for tool in ds-clean ds-tokenize; do
  if ldd $(command -v $tool) | grep -E 'torch|libc10|cuda|cublas|nccl'; then echo "$tool links torch or CUDA"; fi
done
