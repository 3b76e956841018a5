# A busy port is known before the model is loaded: this folder has none.
python3 - <<'PY'
import socket, subprocess
busy = socket.create_server(("127.0.0.1", 0))
result = subprocess.run(["ds-serve", "--model", "nowhere", "--port", str(busy.getsockname()[1])], capture_output=True, text=True)
print(result.returncode, result.stderr.splitlines()[-1])
PY
