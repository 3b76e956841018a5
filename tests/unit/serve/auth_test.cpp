#include "serve/auth.h"

#include "base/error.h"
#include "catch.h"
#include "scratch.h"

namespace ds {
namespace {

using serve::ApiKeys;

ApiKeys keys_of(const std::string& text) {
  const test::Scratch scratch;
  const Fd fd = open_create(scratch.file("keys"));
  write_all(fd.get(), text, "keys");
  return ApiKeys::read(scratch.file("keys"));
}

}  // namespace

TEST_CASE("api keys: one a line, comments, only as Bearer") {
  const ApiKeys keys = keys_of("# for the team\n\n  first \r\nsecond\n");
  CHECK(keys.required());
  for (const char* good : {"Bearer first", "bearer second", "BEARER  first", " Bearer first "}) {
    INFO(good);
    CHECK(keys.accept(good));
  }
  for (const char* bad : {"", "first", "Bearer", "Bearer ", "Bearer firs", "Bearer firstt",
                          "Bearer first second", "Basic first", "Bearer # for the team", "Bearerfirst"}) {
    INFO(bad);
    CHECK_FALSE(keys.accept(bad));
  }
  CHECK(ApiKeys().accept(""));
  CHECK_FALSE(ApiKeys().required());
}

TEST_CASE("api keys: a file without a key does not open the server") {
  CHECK(test::thrown_by<Error>([] { keys_of("# none\n\n"); }).kind() == ErrorKind::usage);
  CHECK(test::thrown_by<Error>([] { ApiKeys::read("/nowhere/keys"); }).kind() == ErrorKind::io);
}

}  // namespace ds
