#include "base/io.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using test::thrown_by;

TEST_CASE("opening what is not there, or is a folder, says so") {
  const test::Scratch s;
  const Error missing = thrown_by<Error>([&] { open_read(s.file("none")); });
  CHECK(std::string(missing.what()) == s.file("none") + ": cannot open: No such file or directory");
  CHECK(missing.kind() == ErrorKind::io);
  CHECK(std::string(thrown_by<Error>([&] { open_read(s.path()); }).what()).find("is a folder") !=
        std::string::npos);
  const Error folder = thrown_by<Error>([&] { open_create(s.file("no/such/file")); });
  CHECK(std::string(folder.what()).find(s.file("no/such") + ": no such folder") == 0);
  CHECK(folder.hint() == "create it with: mkdir -p " + s.file("no/such"));
}

TEST_CASE("a full device is an io error with a hint, not success") {
  const Fd fd(open("/dev/full", O_WRONLY));
  const Error e = thrown_by<Error>([&] { write_all(fd.get(), "x", "/dev/full"); });
  CHECK(e.kind() == ErrorKind::io);
  CHECK(std::string(e.what()) == "/dev/full: cannot write: No space left on device");
  CHECK(!e.hint().empty());
  BufferedWriter out(fd.get(), "/dev/full", 4);
  out.write("abc");
  CHECK_THROWS_AS(out.write("de"), Error);
  out.flush();  // what failed is not written again
}

TEST_CASE("a pipe without a reader is BrokenPipe") {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Fd writer(ends[1]);
  Fd(ends[0]).close("reader");
  CHECK_THROWS_AS(write_all(writer.get(), "x", "<stdout>"), BrokenPipe);
}

TEST_CASE("a non-blocking pipe is written and read whole") {
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
  Fd reader(ends[0]), writer(ends[1]);
  const std::string sent(1 << 20, 'z');
  std::thread sender([&] {
    write_all(writer.get(), sent, "pipe");
    writer.close("pipe");
  });
  std::string got, piece(5000, 0);
  while (const size_t n = read_some(reader.get(), piece.data(), piece.size(), "pipe"))
    got.append(piece, 0, n);
  sender.join();
  CHECK(got == sent);
}

TEST_CASE("read_exact_at names the byte where a file ends too early") {
  const test::Scratch s;
  Fd fd = open_create(s.file("f"));
  write_all(fd.get(), "0123456789", "f");
  char out[8];
  read_exact_at(fd.get(), 2, out, 8, "f");
  CHECK(std::string(out, 8) == "23456789");
  const Error e = thrown_by<Error>([&] { read_exact_at(fd.get(), 5, out, 8, "f"); });
  CHECK(e.kind() == ErrorKind::data);
  CHECK(std::string(e.what()) == "f: truncated at byte 10 (expected 13)");
  write_all_at(fd.get(), 3, "XYZ", "f");
  CHECK(read_file(s.file("f")) == "012XYZ6789");
}

TEST_CASE("read_file reads whole files up to its limit") {
  const test::Scratch s;
  for (const size_t size : {0, 1, 4095, 4096, 4097, 300000}) {
    const std::string bytes(size, 'q');
    Fd fd = open_create(s.file("f"));
    write_all(fd.get(), bytes, "f");
    fd.close("f");
    CHECK(read_file(s.file("f")) == bytes);
    CHECK(read_file(s.file("f"), size) == bytes);
    if (size > 0)
      CHECK(thrown_by<Error>([&] { read_file(s.file("f"), size - 1); }).kind() == ErrorKind::data);
  }
  CHECK(read_file("/proc/self/status").find("Pid:") != std::string::npos);  // claims size 0
  CHECK(thrown_by<Error>([] { read_file("/dev/zero", 1 << 20); }).kind() == ErrorKind::data);
}

TEST_CASE("a buffered writer keeps order and counts") {
  const test::Scratch s;
  Fd fd = open_create(s.file("f"));
  BufferedWriter out(fd.get(), "f", 16);
  std::string all;
  for (size_t i = 0; i < 200; ++i) {
    const std::string piece(i % 37, static_cast<char>('a' + i % 26));
    out.write(piece);
    all += piece;
  }
  CHECK(out.written() == all.size());
  out.flush();
  CHECK(read_file(s.file("f")) == all);
}

TEST_CASE("a file over the size limit of the process is an io error") {
  const test::Scratch s;
  signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit tiny{1000, old.rlim_max};
  Fd fd = open_create(s.file("f"));
  setrlimit(RLIMIT_FSIZE, &tiny);
  const Error e = thrown_by<Error>([&] { write_all(fd.get(), std::string(5000, 'x'), "f"); });
  setrlimit(RLIMIT_FSIZE, &old);
  CHECK(e.kind() == ErrorKind::io);
}
