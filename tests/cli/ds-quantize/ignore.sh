# By full name and by the end of a name; -v lists all.
. "$CASE_DIR/case.bash"
quantize --scheme int8 --ignore down_proj --ignore model.layers.0.self_attn.q_proj -o q -v 2>err
grep -c 'relative error' err
grep stays err | sed 's/.*quantize: //'
values quantization_config.ignore <q/config.json
loss --model q >/dev/null
