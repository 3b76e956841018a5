#!/usr/bin/env bash
# The demo's real text, as JSONL documents ("id", "text"): English from the Debian packages fortunes, wordnet-base,
# dict-gcide and debian-handbook, Chinese from fortunes-zh and debian-handbook. The packages are downloaded and unpacked,
# never installed, so no root is needed; licences are listed in testdata/README.md.
#
#   scripts/demo_text.sh FOLDER      writes FOLDER/en.jsonl and FOLDER/zh.jsonl; does nothing when both are there
#
# Only awk and dpkg-deb: the text comes out the same with mawk and gawk, since every byte above 127 is passed through.
set -euo pipefail
export LC_ALL=C
out=${1:?usage: scripts/demo_text.sh FOLDER}
packages=(fortunes-min fortunes fortunes-zh wordnet-base dict-gcide debian-handbook)
gcide_every=2  # one dictionary entry in so many, so that definitions do not drown the prose
[ -s "$out/en.jsonl" ] && [ -s "$out/zh.jsonl" ] && exit 0
mkdir -p "$out/deb" "$out/root"

for package in "${packages[@]}"; do
  compgen -G "$out/deb/${package}_*.deb" >/dev/null && continue
  (cd "$out/deb" && apt-get -q download "$package" >apt.log 2>&1) || {
    cat "$out/deb/apt.log" >&2
    echo "demo: error: cannot download $package" >&2
    echo "hint: the package lists may be missing or old: run apt-get update as root, then again" >&2
    exit 4
  }
done
for package in "${packages[@]}"; do  # only the files that are read
  dpkg-deb --fsys-tarfile "$out"/deb/"${package}"_*.deb | tar -x -C "$out/root" --wildcards \
    './usr/share/games/fortunes/*' './usr/share/wordnet/data.*' './usr/share/dictd/*.dz' \
    './usr/share/doc/debian-handbook/html/en-US/*.html' './usr/share/doc/debian-handbook/html/zh-CN/*.html' 2>/dev/null || true
done
share=$out/root/usr/share

# document(id, text): one JSONL line. Strips colour codes, overstrikes and control characters.
emit='
function document(id, s) {
  gsub(/\033\[[0-9;]*m/, "", s); gsub(/_\010/, "", s); gsub(/.\010/, "", s)
  gsub(/[\001-\010\013-\037\177]/, "", s); gsub(/[ \t]+\n/, "\n", s); sub(/^\n+/, "", s); sub(/[ \t\n]+$/, "", s)
  if (s == "") return
  gsub(/\\/, "\\\\&", s); gsub(/"/, "\\\"", s); gsub(/\n/, "\\n", s); gsub(/\t/, "\\t", s)
  printf "{\"id\":\"%s\",\"text\":\"%s\"}\n", id, s
}'

fortunes() {  # FILE…: sayings between lines of "%"
  local file
  for file in "$@"; do
    awk -v name="$(basename "$file")" "$emit"' BEGIN { RS = "\n%\n" } { sub(/\n%\n?$/, ""); document("fortunes/" name "/" NR, $0) }' "$file"
  done
}

wordnet() {  # eight neighbouring meanings a document: "words: meaning"
  local part
  for part in noun verb adj adv; do
    awk -v part=$part "$emit"'
      /^[0-9]/ {
        count = 0
        for (i = 1; i <= 2; i++) count = count * 16 + index("0123456789abcdef", substr($4, i, 1)) - 1
        words = $5
        for (i = 1; i < count; i++) words = words ", " $(5 + 2 * i)
        gsub(/_/, " ", words); gsub(/\([a-z]+\)/, "", words)
        gloss = substr($0, index($0, "| ") + 2); sub(/ +$/, "", gloss)
        if (n % 8 == 0) id = $1
        text = text words ": " gloss "\n"
        if (++n % 8 == 0) { document("wordnet/" part "/" id, text); text = "" }
      }
      END { if (text != "") document("wordnet/" part "/" id, text) }' "$share/wordnet/data.$part"
  done
}

gcide() {  # all entries of one headword a document; without pronunciation, etymology and source tags
  zcat "$share"/dictd/gcide.dict.dz | { iconv -c -f utf-8 -t utf-8 || true; } | awk -v every=$gcide_every "$emit"'
    function paragraph() {
      if (line == "") return
      if (line ~ /\[WordNet/) copied = 1
      for (i = 1; i <= 5; i++) { v = substr("aeiou", i, 1); gsub("\\[[\"^`=~-]" v "\\]", v, line) }
      gsub(/\[[^]]*\]/, "", line); gsub(/[{}]/, "", line); gsub(/  +/, " ", line); gsub(/ ,/, ",", line)
      sub(/^ +/, "", line); sub(/ +$/, "", line)
      if (line != "") entry = entry line "\n"
      line = ""
    }
    function flush_entry() {
      paragraph()
      if (entry != "" && !copied && line_number > 100) text = text entry
      entry = ""; copied = 0
    }
    /^[^ ]/ {
      flush_entry()
      head = $0; sub(/ \\.*/, "", head); sub(/,.*/, "", head)
      if (head != last) {
        if (text != "" && ++n % every == 0) document("gcide/" n, text)
        text = ""; last = head
      }
      gsub(/ \\[^\\]*\\( \([^)]*\))?/, "")
      line = $0; line_number = NR; next
    }
    /^ *$/ { paragraph(); next }
    { sub(/^ +/, " "); line = line $0 }
    END { flush_entry(); if (text != "" && ++n % every == 0) document("gcide/" n, text) }'
}

handbook() {  # LANGUAGE: a document is a section, its title and paragraphs
  local page
  for page in "$share/doc/debian-handbook/html/$1"/*.html; do
    awk -v name="$1/$(basename "$page" .html)" -v chinese="$([ "$1" = zh-CN ] && echo 1)" "$emit"'
      function plain(s) {
        gsub(/<[^>]*>/, "", s); gsub(/\302\240/, " ", s); gsub(/[ \t\n]+/, " ", s); sub(/^ /, "", s); sub(/ $/, "", s)
        gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s); gsub(/&nbsp;|&#160;/, " ", s); gsub(/&amp;/, "\\&", s)
        return s
      }
      function section() { if (paragraphs >= 1) document("handbook/" name "/" ++n, text); text = ""; paragraphs = 0 }
      BEGIN { RS = "<div class=\"para\">|<p>|class=\"title\"" }
      FNR > 1 {
        if (match($0, /^>[^\n]*<\/h[1-6]>/)) { section(); s = plain(substr($0, 2, RLENGTH - 1)); sub(/^[0-9.]+ +/, "", s); text = s "\n"; next }
        s = $0; sub(/<\/div>.*|<\/p>.*/, "", s); s = plain(s)
        if (chinese) { ascii = s; gsub(/[\200-\377]/, "", ascii); if (length(s) - length(ascii) < length(s) / 3) next }
        if (length(s) > 40) { text = text s "\n"; paragraphs++ }
      }
      END { section() }' "$page"
  done
}

mapfile -t english < <(find "$share/games/fortunes" -maxdepth 1 -type f ! -name '*.*' ! -name chinese ! -name song100 ! -name tang300 ! -name ascii-art ! -name translate-me | sort)
{ fortunes "${english[@]}"; handbook en-US; wordnet; gcide; } >"$out/en.partial"
{ fortunes "$share"/games/fortunes/{chinese,song100,tang300}; handbook zh-CN; } >"$out/zh.partial"
mv "$out/en.partial" "$out/en.jsonl"
mv "$out/zh.partial" "$out/zh.jsonl"
