# Every tokenizer file comes along, the chat template too.
. "$CASE_DIR/case.bash"
copy_model
echo '{{ messages }}' >model/chat_template.jinja
echo '{}' >model/tokenizer_config.json
ds-quantize --scheme int8 --model model -o q -q
ls q
cmp q/chat_template.jinja model/chat_template.jinja
