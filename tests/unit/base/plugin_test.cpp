#include "base/plugin.h"

#include "base/error.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;

TEST_CASE("a plugin answers, and its errors are caught here") {
  CHECK(reinterpret_cast<int (*)()>(load_symbol("ds_test_probe", "probe_answer", ""))() == 42);
  const auto thrower = reinterpret_cast<void (*)(int)>(load_symbol("ds_test_probe", "probe_throw", ""));
  const Error e = test::thrown_by<Error>([&] { thrower(0); });
  CHECK(e.kind() == ErrorKind::data);
  CHECK(e.hint() == "mend it");
  CHECK_THROWS_AS(thrower(1), BrokenPipe);
}

TEST_CASE("a missing plugin or symbol is a resource error with the hint") {
  const Error library = test::thrown_by<Error>([] { load_symbol("ds_none", "f", "install it"); });
  CHECK(library.kind() == ErrorKind::resource);
  CHECK(library.hint() == "install it");
  CHECK(std::string(library.what()).find("libds_none.so") != std::string::npos);
  CHECK(std::string(library.what()).find("No such file") != std::string::npos);
  CHECK(test::thrown_by<Error>([] { load_symbol("ds_test_probe", "none", ""); }).kind() ==
        ErrorKind::resource);
}
