// Fail the n-th file operation, for every n: what is there afterwards is the old artifact or the new one,
// never a mix, and no temporary stays behind.
#include "base/fault.h"

#include <cerrno>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "formats/manifest.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using test::Scratch;

namespace {

// All that lies under a folder, as one text: `path=contents` lines.
std::string contents(const std::string& folder, const std::string& inside = "") {
  std::string all;
  for (const std::string& name : list_folder(folder)) {
    const std::string path = join_path(folder, name), shown = inside + name;
    all +=
        is_folder(path) ? shown + "/\n" + contents(path, shown + "/") : shown + "=" + read_file(path) + "\n";
  }
  return all;
}

// Runs `write` once unharmed to see the new state, then with operation 1, 2, … failing until none fires.
// `prepare` makes the old state in a fresh folder.
template <class Prepare, class Write>
void fault_loop(Prepare prepare, Write write) {
  std::string old_state, new_state;
  uint64_t operations = 0;
  {
    const Scratch s;
    prepare(s);
    old_state = contents(s.path());
    fault::count();
    write(s);
    operations = fault::operations();
    fault::disarm();
    new_state = contents(s.path());
  }
  REQUIRE(old_state != new_state);
  REQUIRE(operations > 3);
  bool saw_old = false;
  for (uint64_t n = 1; n <= operations + 1; ++n) {
    for (const int error : {n % 2 ? ENOSPC : EIO, EPIPE}) {
      if (error == EPIPE && n % 4) continue;  // rarer: each round costs several fsyncs
      const Scratch s;
      prepare(s);
      fault::arm(n, error);
      bool failed = false;
      try {
        write(s);
      } catch (const Error& e) {
        failed = true;
        CHECK(e.kind() == ErrorKind::io);
      } catch (const BrokenPipe&) {
        failed = true;
      }
      const bool fired = fault::operations() >= n;
      fault::disarm();
      const std::string now = contents(s.path());
      INFO("operation " << n << " of " << operations << ", errno " << error);
      CHECK(failed == fired);
      CHECK((now == old_state || now == new_state));
      if (!failed) CHECK(now == new_state);
      saw_old |= now == old_state;
    }
  }
  CHECK(saw_old);
}

const auto kNothing = [](const Scratch&) {};
const auto kOldFile = [](const Scratch& s) { write_file(s.file("out"), "old"); };

}  // namespace

TEST_CASE("fault loop: write_file") {
  const auto write = [](const Scratch& s) { write_file(s.file("out"), "new"); };
  fault_loop(kNothing, write);
  fault_loop(kOldFile, write);
}

TEST_CASE("fault loop: a large file with a patched header") {
  fault_loop(kOldFile, [](const Scratch& s) {
    AtomicFile file(s.file("out"));
    for (int i = 0; i < 5; ++i) file.write(std::string(200000, static_cast<char>('a' + i)));
    file.write_at(0, "HEADER");
    file.write("tail");
    file.commit();
  });
}

TEST_CASE("fault loop: a folder, new and replaced") {
  const auto write = [](const Scratch& s) {
    AtomicFolder folder(s.file("dir"));
    write_file(folder.file("a"), "new a");
    make_folder(folder.file("sub"));
    write_file(folder.file("sub/b"), "new b");
    write_manifest(folder.path(), Manifest{});
    folder.commit();
  };
  fault_loop(kNothing, write);
  fault_loop(
      [](const Scratch& s) {
        make_folder(s.file("dir"));
        write_file(s.file("dir/a"), "old a");
        write_file(s.file("dir/gone"), "old");
      },
      write);
}

TEST_CASE("fault loop: a manifest and a depfile") {
  fault_loop(kOldFile, [](const Scratch& s) {
    Manifest m;
    m.tool = "ds-test";
    write_manifest(s.file("out"), m);
  });
  fault_loop(kNothing, [](const Scratch& s) { write_depfile(s.file("out.d"), "out", {"a", "b"}); });
}

TEST_CASE("fault loop: a lock comes and goes whatever fails") {
  const Scratch s;
  for (uint64_t n = 1; n < 5; ++n) {
    fault::arm(n, EIO);
    try {
      OutputLock lock(s.file("out"));
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::io);
    }
    fault::disarm();
    CHECK(list_folder(s.path()).empty());
  }
}

TEST_CASE("fault loop: hard_link") {
  fault_loop(
      [](const Scratch& s) {
        write_file(s.file("new"), "new");
        write_file(s.file("out"), "old");
      },
      [](const Scratch& s) { hard_link(s.file("new"), s.file("out")); });
}
