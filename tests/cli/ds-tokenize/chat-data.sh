# Conversations straight into training data: tokens, what the assistant said, ids; the same tokens as in two steps.
. "$CASE_DIR/case.bash"
printf '%s\n' '{"id":"a","messages":[{"role":"user","content":"the text<|endoftext|>"},{"role":"assistant","content":"words"}]}' '' \
  '[{"role":"user","content":"1"},{"role":"assistant","content":"数据"}]' > chats.jsonl
cat > t.jinja <<'END2'
{% for m in messages %}{{ m.role[0] }}:{{ m.content }}{% if m.role == 'assistant' %}<|endoftext|>{% endif %}{% endfor %}
END2
chat() { ds-tokenize chat --template t.jinja --tokenizer "$tok" "$@"; }
chat --masks --format megatron -o data chats.jsonl
od -An -v -tu2 --endian=little data.bin
od -An -v -tu1 data.mask
cat data.documents.jsonl
cmp data.tokenizer.json "$tok"
chat --ids --masks -o - chats.jsonl
sed 's/"[0-9a-f]\{64\}"/"HASH"/' data.manifest.json | sed -n '/"facts"/,/}/p'
chat --masks --format megatron -o data chats.jsonl
# A template that does not end with the end-of-text token gets it; without masks there is no mask.
echo '{% for m in messages %}{{ m.content }} {% endfor %}' > plain.jinja
ds-tokenize chat -q --template plain.jinja --tokenizer "$tok" --format megatron -o plain chats.jsonl
od -An -v -tu2 --endian=little plain.bin
ds-tokenize chat -q --template plain.jinja --tokenizer "$tok" --format megatron --no-append-eos -o plain chats.jsonl
od -An -v -tu2 --endian=little plain.bin
ds-tokenize merge -o both data data && ls both*
status_of chat --format megatron -o - chats.jsonl 2>&1
status_of ds-tokenize chat --template t.jinja --format megatron -o x chats.jsonl 2>&1
ls -A
