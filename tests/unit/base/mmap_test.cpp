#include "base/mmap.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;

TEST_CASE("a mapped file shows its bytes, also after a move and a rename over it") {
  const test::Scratch s;
  write_file(s.file("f"), "contents");
  MappedFile a(s.file("f"));
  MappedFile b(std::move(a));
  CHECK(a.size() == 0);
  write_file(s.file("f"), "other");
  CHECK(b.view() == "contents");
  a = MappedFile(s.file("f"));
  CHECK(a.view() == "other");
  CHECK(a.path() == s.file("f"));
}

TEST_CASE("empty files map to nothing, other things are refused") {
  const test::Scratch s;
  write_file(s.file("empty"), "");
  CHECK(MappedFile(s.file("empty")).view().empty());
  for (const std::string& path : {s.path(), s.file("none"), std::string("/dev/null")})
    CHECK(test::thrown_by<Error>([&] { MappedFile m(path); }).kind() == ErrorKind::io);
}
