#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using test::Scratch;
using test::thrown_by;

namespace {

// Runs `body` in a child that then dies at once, as after kill -9: no destructor runs. Returns the child's
// pid.
template <class Body>
pid_t in_killed_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  return child;
}

std::string message(const Error& e) { return e.what(); }

}  // namespace

TEST_CASE("a file appears at commit, hashed, with umask's permissions") {
  const Scratch s;
  const mode_t old = umask(027);
  AtomicFile file(s.file("out"));
  file.write("hello ");
  file.write("world");
  CHECK(!exists(s.file("out")));
  CHECK(file.size() == 11);
  const FileDigest digest = file.commit();
  umask(old);
  CHECK(digest == digest_file(s.file("out")));
  CHECK(digest.sha256 == sha256_hex("hello world"));
  struct stat st{};
  stat(s.file("out").c_str(), &st);
  CHECK((st.st_mode & 0777) == 0640);
  CHECK(list_folder(s.path()) == std::vector<std::string>{"out"});
}

TEST_CASE("without commit the old file stays and nothing else") {
  const Scratch s;
  write_file(s.file("out"), "old");
  {
    AtomicFile file(s.file("out"));
    file.write(std::string(1 << 20, 'x'));
  }
  CHECK(read_file(s.file("out")) == "old");
  CHECK(list_folder(s.path()) == std::vector<std::string>{"out"});
}

TEST_CASE("write_at patches and the digest is still that of the file") {
  const Scratch s;
  AtomicFile file(s.file("out"));
  file.write("0000body");
  file.write_at(0, "HEAD");
  file.write("tail");
  file.write_at(20, "far");
  CHECK(file.size() == 23);
  const FileDigest digest = file.commit();
  CHECK(digest == digest_file(s.file("out")));
  CHECK(read_file(s.file("out")) == std::string("HEADbodytail") + std::string(8, '\0') + "far");
  AtomicFile null("/dev/null");
  CHECK(thrown_by<Error>([&] { null.write_at(0, "x"); }).kind() == ErrorKind::usage);
}

TEST_CASE("devices and pipes are written straight through") {
  const Scratch s;
  const Error full = thrown_by<Error>([] {
    AtomicFile file("/dev/full");
    file.write("x");
    file.commit();
  });
  CHECK(full.kind() == ErrorKind::io);
  CHECK(message(full) == "/dev/full: cannot write: No space left on device");
  struct stat st{};
  REQUIRE(stat("/dev/full", &st) == 0);
  CHECK(S_ISCHR(st.st_mode));
  CHECK(write_file("/dev/null", "abc").sha256 == sha256_hex("abc"));

  REQUIRE(mkfifo(s.file("fifo").c_str(), 0600) == 0);
  std::string got;
  std::thread reader([&] { got = read_file(s.file("fifo")); });
  write_file(s.file("fifo"), "through");
  reader.join();
  CHECK(got == "through");
  OutputLock lock(s.file("fifo"));  // locks nothing
  CHECK(list_folder(s.path()) == std::vector<std::string>{"fifo"});
}

TEST_CASE("/dev/fd/N and the links to it write to that descriptor") {
  const Scratch s;
  Fd fd = open_create(s.file("target"));
  write_all(fd.get(), "before ", "target");
  write_file("/dev/fd/" + std::to_string(fd.get()), "after");
  CHECK(read_file(s.file("target")) == "before after");
  REQUIRE(symlink(("/proc/self/fd/" + std::to_string(fd.get())).c_str(), s.file("link").c_str()) == 0);
  write_file(s.file("link"), "!");
  CHECK(read_file(s.file("target")) == "before after!");
}

TEST_CASE("a linked output keeps its link") {
  const Scratch s;
  make_folder(s.file("real"));
  write_file(s.file("real/f"), "old");
  REQUIRE(symlink("real/f", s.file("link").c_str()) == 0);
  REQUIRE(symlink("real/new", s.file("dangling").c_str()) == 0);
  write_file(s.file("link"), "new");
  write_file(s.file("dangling"), "made");
  struct stat st{};
  lstat(s.file("link").c_str(), &st);
  CHECK(S_ISLNK(st.st_mode));
  CHECK(read_file(s.file("real/f")) == "new");
  CHECK(read_file(s.file("real/new")) == "made");
  CHECK(list_folder(s.file("real")) == std::vector<std::string>{"f", "new"});
  REQUIRE(symlink("loop", s.file("loop").c_str()) == 0);
  CHECK(thrown_by<Error>([&] { write_file(s.file("loop"), "x"); }).kind() == ErrorKind::io);
}

TEST_CASE("what a killed writer left is removed by the next one") {
  const Scratch s;
  write_file(s.file("out"), "old");
  const pid_t dead = in_killed_child([&] {
    auto* file = new AtomicFile(s.file("out"));
    file->write(std::string(1 << 20, 'x'));
    auto* folder = new AtomicFolder(s.file("dir"));
    write_all(open_create(folder->file("f")).get(), "x", "f");
  });
  CHECK(list_folder(s.path()) == std::vector<std::string>{".dir.ds-tmp-" + std::to_string(dead),
                                                          ".out.ds-tmp-" + std::to_string(dead), "out"});
  CHECK(read_file(s.file("out")) == "old");
  {
    AtomicFile alive(s.file("out"));  // a second writer does not take the first one's temporary
    AtomicFile second(s.file("out"));
    second.write("2");
    second.commit();
    alive.write("1");
    alive.commit();
    AtomicFolder folder(s.file("dir"));
    folder.commit();
  }
  CHECK(read_file(s.file("out")) == "1");
  CHECK(list_folder(s.path()) == std::vector<std::string>{"dir", "out"});
}

TEST_CASE("an old folder that a killed writer had moved away comes back") {
  const Scratch s;
  const pid_t dead = in_killed_child([] {});
  make_folder(s.file(".dir.ds-old-" + std::to_string(dead)));
  write_file(s.file(".dir.ds-old-" + std::to_string(dead) + "/f"), "kept");
  {
    AtomicFolder folder(s.file("dir"));
  }
  CHECK(read_file(s.file("dir/f")) == "kept");
}

TEST_CASE("a folder appears whole and replaces the old one whole") {
  const Scratch s;
  for (const std::string round : {"1", "2"}) {
    AtomicFolder folder(s.file("dir/"));
    write_file(folder.file("name" + round), round);
    make_folder(folder.file("sub"));
    write_file(folder.file("sub/f"), round);
    folder.commit();
    CHECK(list_folder(s.file("dir")) == std::vector<std::string>{"name" + round, "sub"});
    CHECK(list_folder(s.path()) == std::vector<std::string>{"dir"});
  }
  REQUIRE(symlink("dir", s.file("link").c_str()) == 0);
  {
    AtomicFolder folder(s.file("link"));
    write_file(folder.file("via"), "link");
    folder.commit();
  }
  CHECK(list_folder(s.file("dir")) == std::vector<std::string>{"via"});
  CHECK(thrown_by<Error>([] { AtomicFolder(std::string(".")); }).kind() == ErrorKind::usage);
  CHECK(thrown_by<Error>([] { AtomicFolder(std::string("/")); }).kind() != ErrorKind::internal);
}

TEST_CASE("very long names still get a temporary") {
  const Scratch s;
  const std::string name(255, 'n');
  write_file(s.file(name), "x");
  OutputLock lock(s.file(name));
  CHECK(read_file(s.file(name)) == "x");
}

TEST_CASE("output problems are found before any work") {
  const Scratch s;
  write_file(s.file("f"), "x");
  const Error missing = thrown_by<Error>([&] { check_output(s.file("no/out"), OutputKind::file); });
  CHECK(message(missing) == s.file("no") + ": no such folder (for out)");
  CHECK(missing.hint() == "create it with: mkdir -p " + s.file("no"));
  for (const auto& [path, kind] :
       std::vector<std::pair<std::string, OutputKind>>{{s.path(), OutputKind::file},
                                                       {s.file("f"), OutputKind::folder},
                                                       {s.file("f/x"), OutputKind::file},
                                                       {s.file("no/dir"), OutputKind::folder},
                                                       {s.file("new/"), OutputKind::file},
                                                       {"", OutputKind::file},
                                                       {"-", OutputKind::folder},
                                                       {"/dev/null", OutputKind::folder}})
    CHECK(thrown_by<Error>([&, p = path, k = kind] { check_output(p, k); }).kind() == ErrorKind::io);
  check_output("-", OutputKind::file);
  check_output("/dev/null", OutputKind::file);
  check_output(s.file("new"), OutputKind::file);
  check_output(s.file("new/"), OutputKind::folder);
  check_output(s.path(), OutputKind::folder);
  if (geteuid() != 0) {
    chmod(s.file("f").c_str(), 0400);
    CHECK(thrown_by<Error>([&] { check_output(s.file("f"), OutputKind::file); }).kind() == ErrorKind::io);
  }
}

TEST_CASE("an output that is an input is refused, by any of its names") {
  const Scratch s;
  write_file(s.file("in"), "x");
  REQUIRE(symlink("in", s.file("soft").c_str()) == 0);
  hard_link(s.file("in"), s.file("hard"));
  for (const char* name : {"in", "soft", "hard"})
    CHECK(thrown_by<Error>([&] { refuse_output_is_input(s.file(name), {"-", s.file("in")}); }).kind() ==
          ErrorKind::usage);
  CHECK(thrown_by<Error>([&] { refuse_output_is_input(s.file("none"), {s.file("none")}); }).kind() ==
        ErrorKind::usage);
  refuse_output_is_input("-", {"-"});
  refuse_output_is_input("/dev/null", {"/dev/null"});
  refuse_output_is_input(s.file("new"), {s.file("in")});
}

TEST_CASE("one output has one writer, and the error names it") {
  const Scratch s;
  {
    OutputLock lock(s.file("out"));
    const Error e = thrown_by<Error>([&] { OutputLock again(s.file("out")); });
    CHECK(e.kind() == ErrorKind::resource);
    CHECK(message(e) == s.file("out") + ": is being written by process " + std::to_string(getpid()));
    OutputLock other(s.file("other"));
    OutputLock moved(std::move(lock));
    CHECK(thrown_by<Error>([&] { OutputLock again(s.file("out")); }).kind() == ErrorKind::resource);
  }
  CHECK(list_folder(s.path()).empty());
  in_killed_child([&] { new OutputLock(s.file("out")); });
  OutputLock lock(s.file("out"));  // the dead do not hold locks
  CHECK(thrown_by<Error>([&] { OutputLock missing(s.file("no/out")); }).kind() == ErrorKind::io);
}

TEST_CASE("many processes that fight for one lock hold it one at a time") {
  const Scratch s;
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (int won = 0; won < 50;) {
        try {
          OutputLock lock(s.file("out"));
          const int fd = open(s.file("owner").c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
          if (fd < 0) _exit(1);  // somebody else is inside
          close(fd);
          unlink(s.file("owner").c_str());
          ++won;
        } catch (const Error&) {
          usleep(50);
        }
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(list_folder(s.path()).empty());
}
