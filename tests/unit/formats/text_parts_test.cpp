// Text files in parts: joined they are the repaired text, wherever they are cut, and every cut was asked for.
#include "formats/text_parts.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using Catch::Matchers::Contains;

namespace {

struct Read {
  std::string text;
  size_t parts = 0;
  uint64_t bytes = 0;
};

Read read_parts(const std::string& path, size_t size, const TextParts::Cut& cut, uint64_t limit = 1 << 30) {
  TextParts in(path, {}, limit);
  Read out;
  Buffer part;
  while (in.next(part, size, cut)) {
    CHECK(is_valid_utf8(part.view()));
    out.text += part.view();
    ++out.parts;
  }
  if (out.parts > 0) CHECK(in.last());
  out.bytes = in.bytes();
  CHECK(in.source().raw_digest().size == file_size(path));
  return out;
}

struct Numbers {
  Rng rng{7, RngStream::test};
  uint64_t at = 0;
  uint64_t next() { return rng.bits(at++); }
};

std::string random_text(Numbers& rng, size_t size) {
  static const std::string kPieces[] = {"a",        "bc ",  "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80",
                                        "\xE4\xB8", "\xFF", "\xF0\x9F", "\x80",         "\n"};
  const uint64_t kinds = rng.next() % 3 == 0 ? 5 : 10;
  std::string text;
  while (text.size() < size) text += kPieces[rng.next() % kinds];
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("text parts: joined they are the text") {
  const test::Scratch folder;
  Numbers rng;
  for (int round = 0; round < 200; ++round) {
    const bool bom = rng.next() % 4 == 0;
    const std::string text = random_text(rng, rng.next() % 40000);
    const std::string path = folder.file("t.txt");
    write_file(path, (bom ? "\xEF\xBB\xBF" : "") + text);
    std::string expected = text;
    repair_utf8(expected);
    const size_t size = 1 + rng.next() % 5000;
    const uint64_t some = rng.next() % 3;
    const Read got = read_parts(path, size, [&](std::string_view seen, size_t from) -> std::optional<size_t> {
      CHECK(from < seen.size());
      while (from < seen.size() && (seen[from] & 0xC0) == 0x80) ++from;
      if (some == 0 || rng.next() % 3 < some || from == seen.size()) return std::nullopt;
      return from;
    });
    CHECK(got.text == expected);
    CHECK(got.bytes == text.size());
    if (text.empty() && !bom) CHECK(got.parts == 0);
    if (some == 0 && !text.empty()) CHECK(got.parts == 1);
  }
}

TEST_CASE("text parts: short files, and what is refused") {
  const test::Scratch folder;
  const auto nowhere = [](std::string_view, size_t) { return std::optional<size_t>(); };
  const std::string path = folder.file("t.txt");
  const auto of = [&](const std::string& bytes, uint64_t limit = 100) {
    write_file(path, bytes);
    const Read r = read_parts(path, 10, nowhere, limit);
    return std::to_string(r.parts) + ":" + r.text;
  };
  CHECK(of("") == "0:");
  CHECK(of("\xEF\xBB\xBF") == "1:");
  CHECK(of("\xEF\xBB\xBFx") == "1:x");
  CHECK(of("x") == "1:x");
  CHECK(of("\xEF\xBB") == "1:\xEF\xBF\xBD");
  CHECK(of("x\xE4\xB8") == "1:x\xEF\xBF\xBD");
  CHECK(of(std::string(100, 'x')) == "1:" + std::string(100, 'x'));
  CHECK_THROWS_WITH(of(std::string(101, 'x')), Contains("more than 100 bytes"));
  CHECK_THROWS_WITH(of("\xFF\xFEx"), Contains("UTF-16"));
  CHECK_THROWS_WITH(of("\xFE\xFF"), Contains("UTF-16"));
}
