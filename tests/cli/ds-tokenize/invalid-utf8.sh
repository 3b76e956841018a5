# Text that is not UTF-8 is read with U+FFFD for each maximal part that is wrong, as Python's errors="replace" does and the
# reference library then gets it; a byte order mark in front of a file is no text; what is no JSON or no UTF-8 file at all
# is refused with its place.
. "$CASE_DIR/case.bash"
encode() { ds-tokenize encode -q --tokenizer "$tok" --format jsonl -o - "$@"; }
printf 'a\xff\xe4\xb8z' > in.txt
encode in.txt | ds-tokenize decode -q --tokenizer "$tok" -o - -
# The same bytes as text, as JSONL and from stdin, against the text that Python makes of them.
python3 - <<'PY'
import json
cases = [b"a\xff\xe4\xb8z", b"\xed\xa0\x80x", b"\xf0\x9f\x98", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"a\x00b",
         b"x\xef\xbb\xbfy", b"\x80\x80", b"\xe0\x80\xaf", b"\xf8\x88\x80\x80\x80", b"\xf0\x9f\x98\xf0\x9f\x98\x80", b"\r\n"]
bad, good = open("bad.jsonl", "wb"), open("good.jsonl", "w", encoding="utf-8")
for n, case in enumerate(cases):
    open(f"{n:02}.txt", "wb").write(case)
    quoted = case.replace(b"\r\n", b"\\r\\n").replace(b"\0", b"\\u0000")
    bad.write(b'{"id":%d,"text":"%s"}\n' % (n, quoted))
    good.write(json.dumps({"id": n, "text": case.decode("utf-8", "replace")}, ensure_ascii=False) + "\n")
PY
ids() { sed 's/.*"ids"://'; }
encode good.jsonl | ids > expected
encode bad.jsonl | ids | cmp - expected
for f in [01][0-9].txt; do encode "$f"; done | ids | cmp - expected
for f in [01][0-9].txt; do encode --input-format text - < "$f"; done | ids | cmp - expected
for t in 1 2; do ds-tokenize encode -q -t $t --tokenizer "$tok" -o data-$t bad.jsonl; done
ds-tokenize encode -q --tokenizer "$tok" -o good good.jsonl
cmp data-1.bin good.bin
cmp data-2.bin good.bin
ds-tokenize verify -q --tokenizer "$tok" --reference <(encode good.jsonl) bad.jsonl
# Half a surrogate pair in an escape stands for no character either.
printf '{"id":1,"text":"a\\ud800b\\udc00"}\n{"id":"\xff","text":"\\ud83d\\ude00"}\n' > escapes.jsonl
encode escapes.jsonl | ds-tokenize decode -q --tokenizer "$tok" -o - -
printf 'ab' > $'name\xff.txt'
encode name*.txt
printf 'id,text\n\xff,ab\n' > id.csv
encode id.csv
# A byte order mark.
printf '\xef\xbb\xbfab' > mark.txt
printf '\xef\xbb\xbf{"id":1,"text":"ab"}\n' > mark.jsonl
encode mark.txt mark.jsonl
# Refused.
printf '{"id":1,"text":"a"}\n{"id":2,"text":"a\0b"}\n' > nul.jsonl
printf '\xff\xfea\0b\0' > utf16.txt
printf '\xff\xfe{\0"\0' > utf16.jsonl
for f in nul.jsonl utf16.txt utf16.jsonl; do status_of encode "$f" 2>&1; done
