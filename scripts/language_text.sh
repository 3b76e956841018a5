#!/usr/bin/env bash
# Real text of Korean, Thai, Arabic, Hindi and Japanese to test tokenizers on, as JSONL ("id", "text"): LibreOffice's
# translated messages, and its help where there is one. The Debian packages are downloaded and unpacked, never installed,
# so no root is needed; nothing of them is committed.
#
#   scripts/language_text.sh FOLDER      writes FOLDER/{ko,th,ar,hi,ja}.jsonl; does nothing when they are there
#
# The same packages give the same bytes. What becomes of them is in language_text.py.
set -euo pipefail
export LC_ALL=C
out=${1:?usage: scripts/language_text.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
languages=(ko th ar hi ja)
packages=(libreoffice-l10n-{ko,th,ar,hi,ja} libreoffice-help-{ko,hi,ja})
missing=
for language in "${languages[@]}"; do [ -s "$out/$language.jsonl" ] || missing=1; done
[ -n "$missing" ] || exit 0
work=$out/languages
mkdir -p "$work/deb"
for package in "${packages[@]}"; do
  [ -e "$work/.$package" ] && continue
  if ! compgen -G "$work/deb/${package}_*.deb" >/dev/null; then
    (cd "$work/deb" && apt-get -q download "$package" >apt.log 2>&1) || {
      cat "$work/deb/apt.log" >&2
      echo "language_text: error: cannot download $package" >&2
      echo "hint: the package lists may be missing or old: run apt-get update as root, then again" >&2
      exit 4
    }
  fi
  dpkg-deb --fsys-tarfile "$work"/deb/"${package}"_*.deb | tar -x -C "$work" --wildcards '*.mo' '*.html' 2>/dev/null || true
  touch "$work/.$package"
done
python3 "$here/language_text.py" "$work" "$out" "${languages[@]}"
rm -rf "$work"
