// Outputs that are taken up again.
#include "base/part_file.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;

TEST_CASE("part file: another process goes on at any earlier place") {
  const test::Scratch scratch;
  const std::string target = scratch.file("out"), part = path_beside(target, ".ds-part");
  CHECK(base_name(part) == ".out.ds-part");
  const Rng rng(1, RngStream::test);
  for (uint64_t round = 0; round < 20; ++round) {
    std::string whole;
    uint64_t place = 0;
    for (int process = 0; process < 4; ++process) {
      PartFile file(target);
      REQUIRE(file.restore(place));
      whole.resize(place);
      for (uint64_t i = 0; i < 30; ++i) {
        const uint64_t n = rng.below(round * 1000 + static_cast<uint64_t>(process) * 100 + i, 30000);
        const std::string bytes(n, static_cast<char>('a' + i % 26));
        file.write(bytes);
        whole += bytes;
        if (i == 17) {
          place = file.sync();
          CHECK(place == whole.size());
        }
      }
      if (process < 3) {
        file.keep();
      } else {
        const FileDigest digest = file.finish();
        CHECK(digest.size == whole.size());
        CHECK(digest.sha256 == sha256_hex(whole));
        file.place();
      }
    }
    CHECK(read_file(target) == whole);
    CHECK_FALSE(exists(part));
  }
}

TEST_CASE("part file: what is not there cannot be taken up; what is given up goes") {
  const test::Scratch scratch;
  const std::string target = scratch.file("out");
  {
    PartFile file(target);
    CHECK_FALSE(file.restore(1));
    CHECK(file.restore(0));
    file.write("abc");
  }
  CHECK(list_folder(scratch.path()).empty());
  {
    PartFile file(target);
    file.write("abc");
    CHECK(file.sync() == 3);
    file.keep();
  }
  PartFile file(target);
  CHECK_FALSE(file.restore(4));
  CHECK(file.restore(2));
  file.write("x");
  CHECK(file.finish() == FileDigest{3, sha256_hex("abx")});
  file.place();
  CHECK(read_file(target) == "abx");
}
