#include "base/error.h"

#include <cerrno>

#include "catch.h"

using namespace ds;

TEST_CASE("every kind has its exit code") {
  CHECK(exit_code(ErrorKind::usage) == 2);
  CHECK(exit_code(ErrorKind::data) == 3);
  CHECK(exit_code(ErrorKind::io) == 4);
  CHECK(exit_code(ErrorKind::resource) == 5);
  CHECK(exit_code(ErrorKind::internal) == 70);
}

TEST_CASE("an errno error names the file, the operation and the reason") {
  const Error e = errno_error("a/b.txt", "cannot open", ENOENT);
  CHECK(std::string(e.what()) == "a/b.txt: cannot open: No such file or directory");
  CHECK(e.kind() == ErrorKind::io);
  CHECK(!e.hint().empty());
  CHECK(errno_error("x", "cannot write", ENOSPC).hint().find("disk is full") != std::string::npos);
  CHECK(errno_error("x", "cannot map", ENOMEM).kind() == ErrorKind::resource);
}
