# The texts of JSONL documents, counted in bytes, for the demo.
#
#   awk -v bytes=N -f scripts/jsonl_text.awk docs.jsonl    the first documents whose texts add up to exactly N bytes: whole
#                                                          ones, then one cut between two characters
#   awk -v plain=1 -f scripts/jsonl_text.awk docs.jsonl    the texts alone, one after the other, nothing between them
#
# Run it with LC_ALL=C, so that a character is a byte. Expects what ds-clean writes: "text" without \u escapes other than
# those of control characters.
function text_of(line,    s) {
  s = substr(line, index(line, "\"text\":\"") + 8)
  match(s, /^([^"\\]|\\.)*/)
  return substr(s, 1, RLENGTH)
}
function size_of(text) {
  gsub(/\\u00[0-7][0-9a-f]/, "x", text)
  gsub(/\\./, "x", text)
  return length(text)
}
# The place in the escaped text after `want` bytes of the text, 0 when that is inside a character.
function cut_place(text, want,    i, n, c) {
  i = 1
  for (n = 0; n < want; n++) {
    c = substr(text, i, 2)
    i += c == "\\u" ? 6 : substr(c, 1, 1) == "\\" ? 2 : 1
  }
  return substr(text, i, 1) ~ /[\200-\277]/ ? 0 : i
}
function unescape(text) {
  gsub(/\\\\/, "\001", text)
  gsub(/\\n/, "\n", text); gsub(/\\t/, "\t", text); gsub(/\\r/, "\r", text)
  gsub(/\\"/, "\"", text); gsub(/\\\//, "/", text)
  gsub(/\001/, "\\", text)
  return text
}
plain { printf "%s", unescape(text_of($0)); next }
total == bytes { next }  # reads on, so that a writer before it in a pipe is not cut off
{
  text = text_of($0)
  size = size_of(text)
  if (total + size <= bytes) { print; total += size; next }
  place = cut_place(text, bytes - total)
  if (place == 0) next  # the next document may have a boundary there
  print substr($0, 1, index($0, "\"text\":\"") + 7) substr(text, 1, place - 1) "\"}"
  total = bytes
}
END {
  if (!plain && total != bytes) {
    printf "jsonl_text.awk: only %d of %d bytes of text\n", total, bytes | "cat >&2"
    exit 3
  }
}
