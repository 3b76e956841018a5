# A finished run: the same command does nothing, -f makes the same bytes, another configuration is refused, never half done.
. "$CASE_DIR/case.bash"
status_of train --steps 6
cp run/model.safetensors first.safetensors
stamp=$(stat -c %Y.%i run/model.safetensors)
status_of train --steps 6 --save-every 2 --log-every 3
test "$stamp" = "$(stat -c %Y.%i run/model.safetensors)"
status_of train --steps 7 2>&1
cmp first.safetensors run/model.safetensors
status_of train --steps 6 -f
cmp first.safetensors run/model.safetensors
status_of train --steps 7 -f
cmp -s first.safetensors run/model.safetensors || echo differs
