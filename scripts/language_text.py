#!/usr/bin/env python3
"""LibreOffice's unpacked messages and help to documents: language_text.py FOLDER OUT LANGUAGE… See language_text.sh."""
import glob
import html.parser
import json
import os
import re
import struct
import sys

MOST = 4 << 20  # bytes of text of a language


class Page(html.parser.HTMLParser):
    """A page's text, a block element a line."""

    BLOCKS = set("p div li ul ol dl dt dd tr table pre h1 h2 h3 h4 h5 h6 br".split())
    SKIP = {"script", "style", "head", "nav", "aside", "footer"}

    def __init__(self):
        super().__init__()
        self.text, self.skip = "", 0

    def handle_starttag(self, tag, attrs):
        self.skip += tag in self.SKIP
        if tag in self.BLOCKS:
            self.text += "\n"

    def handle_endtag(self, tag):
        self.skip -= tag in self.SKIP and self.skip > 0
        if tag in self.BLOCKS:
            self.text += "\n"

    def handle_data(self, data):
        if not self.skip:
            self.text += data


def messages(path):
    """The translations in a GNU .mo file."""
    with open(path, "rb") as f:
        data = f.read()
    count, _, table = struct.unpack_from("<3I", data, 8)
    for i in range(count):
        size, at = struct.unpack_from("<2I", data, table + 8 * i)
        yield from data[at:at + size].decode("utf-8", "replace").split("\0")


def documents(folder, language):
    for path in sorted(glob.glob(f"{folder}/**/{language}/LC_MESSAGES/*.mo", recursive=True)):
        name, text, n = os.path.basename(path)[:-3], "", 0
        for message in messages(path):
            if message.startswith("Project-Id-Version"):
                continue
            text += message + "\n"
            if len(text) > 200 + 1800 * (n * 7 % 11) // 10:  # documents of many lengths
                yield f"{name}/{n}", text
                text, n = "", n + 1
        if text:
            yield f"{name}/{n}", text
    for path in sorted(glob.glob(f"{folder}/**/help/{language}/**/*.html", recursive=True)):
        page = Page()
        with open(path, encoding="utf-8", errors="replace") as f:
            page.feed(f.read())
        text = re.sub(r"\n\s*\n+", "\n", re.sub(r"[ \t]*\n[ \t]*", "\n", page.text)).strip()
        if sum(c > "\u02ff" for c in text) * 4 > len(text):  # translated
            yield path[path.index(f"help/{language}"):-5], text


def main():
    folder, out = sys.argv[1:3]
    for language in sys.argv[3:]:
        size = 0
        with open(f"{out}/{language}.jsonl.partial", "w", encoding="utf-8") as f:
            for name, text in documents(folder, language):
                if size < MOST:
                    f.write(json.dumps({"id": f"{language}/{name}", "text": text}, ensure_ascii=False) + "\n")
                size += len(text.encode())
        os.rename(f"{out}/{language}.jsonl.partial", f"{out}/{language}.jsonl")


if __name__ == "__main__":
    main()
