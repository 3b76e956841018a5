#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using test::thrown_by;

TEST_CASE("path arithmetic") {
  CHECK(join_path("a", "b") == "a/b");
  CHECK(join_path("a/", "b") == "a/b");
  CHECK(join_path("", "b") == "b");
  CHECK(join_path("a", "/b") == "/b");
  CHECK(folder_of("a/b") == "a");
  CHECK(folder_of("a/b/") == "a");
  CHECK(folder_of("a//b") == "a");
  CHECK(folder_of("b") == ".");
  CHECK(folder_of("/b") == "/");
  CHECK(folder_of("/") == "/");
  CHECK(base_name("a/b") == "b");
  CHECK(base_name("a/b/") == "b");
  CHECK(base_name("b") == "b");
  CHECK(base_name("/") == "/");
  CHECK(extension_of("x/a.JSONL.GZ") == ".gz");
  CHECK(extension_of("x.d/a") == "");
  CHECK(extension_of(".bashrc") == "");
}

TEST_CASE("folders are made, listed in byte order and removed without following links") {
  const test::Scratch s;
  make_folders(s.file("a/b/c"));
  make_folders(s.file("a/b/c/"));
  CHECK(is_folder(s.file("a/b/c")));
  for (const char* name : {"z", "B", "a", "\xc3\xa9"}) write_file(s.file(std::string("a/") + name), name);
  CHECK(list_folder(s.file("a")) == std::vector<std::string>{"B", "a", "b", "z", "\xc3\xa9"});
  make_folder(s.file("kept"));
  write_file(s.file("kept/f"), "1");
  REQUIRE(symlink(s.file("kept").c_str(), s.file("a/link").c_str()) == 0);
  remove_tree(s.file("a"));
  remove_tree(s.file("a"));
  CHECK(!exists(s.file("a")));
  CHECK(exists(s.file("kept/f")));
  REQUIRE(symlink(s.file("kept").c_str(), s.file("link").c_str()) == 0);
  remove_tree(s.file("link"));
  CHECK(exists(s.file("kept/f")));
  CHECK(thrown_by<Error>([&] { make_folder(s.file("kept/f")); }).kind() == ErrorKind::io);
  CHECK(thrown_by<Error>([&] { list_folder(s.file("kept/f")); }).kind() == ErrorKind::io);
}

TEST_CASE("a very deep tree is removed without recursion") {
  const test::Scratch s;
  std::string path = s.file("d");
  for (int i = 0; i < 1500; ++i) path += "/d";
  make_folders(path);
  remove_tree(s.file("d"));
  CHECK(!exists(s.file("d")));
}

TEST_CASE("links, renames and exchanges") {
  const test::Scratch s;
  write_file(s.file("a"), "A");
  write_file(s.file("b"), "B");
  CHECK(!same_file(s.file("a"), s.file("b")));
  hard_link(s.file("a"), s.file("b"));
  CHECK(same_file(s.file("a"), s.file("b")));
  hard_link(s.file("a"), s.file("b"));  // already so
  CHECK(list_folder(s.path()).size() == 2);
  write_file(s.file("c"), "C");
  exchange_paths(s.file("a"), s.file("c"));
  CHECK(read_file(s.file("a")) == "C");
  CHECK(read_file(s.file("c")) == "A");
  rename_path(s.file("a"), s.file("b"));
  CHECK(read_file(s.file("b")) == "C");
  CHECK(file_size(s.file("b")) == 1);
  remove_file(s.file("b"));
  remove_file(s.file("b"));
  CHECK(thrown_by<Error>([&] { file_size(s.file("b")); }).kind() == ErrorKind::io);
}

TEST_CASE("a link to another device becomes a copy") {
  const test::Scratch s;
  const std::string other = "/dev/shm/ds-test-" + std::to_string(getpid());
  if (!is_folder("/dev/shm") || access("/dev/shm", W_OK) != 0) return;
  write_file(other, "shared");
  hard_link(other, s.file("copy"));
  CHECK(read_file(s.file("copy")) == "shared");
  CHECK(list_folder(s.path()).size() == 1);
  remove_file(other);
}

TEST_CASE("free space is asked of the nearest folder that exists") {
  const test::Scratch s;
  CHECK(free_space(s.file("not/yet/there")) > 0);
  CHECK(free_space("relative/not/there") > 0);
}
