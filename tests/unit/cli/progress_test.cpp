// What progress draws on a terminal, in a log file and as JSON, with a clock made by hand.
#include "cli/progress.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/io.h"
#include "catch.h"
#include "toy.h"

using namespace ds;

namespace {

struct Stage {
  std::string path = ds_test::put(ds_test::scratch_folder(), "log", "");
  Fd fd = open_append(path);
  double now = 1000;

  std::string run(bool terminal, LogLevel level, LogFormat format, double step, int steps,
                  bool color = false) {
    Log log("t", fd.get(), level, format);
    cli::ShownProgress p(log, {terminal, color, fd.get(), 80, [this] { return now; }});
    p.start("read", "B", 1000000);
    for (int i = 1; i <= steps; ++i) {
      now += step;
      p.update(static_cast<uint64_t>(i) * 1000000 / static_cast<uint64_t>(steps), "n");
    }
    p.finish();
    return read_file(path);
  }
};

}  // namespace

TEST_CASE("a log gets a line every 30 s and one at the end of a long stage") {
  const std::string text = Stage().run(false, LogLevel::info, LogFormat::text, 1, 100);
  CHECK(std::count(text.begin(), text.end(), '\n') == 4);
  CHECK(text.find_first_of("\r\x1b") == std::string::npos);
  CHECK(text.rfind("t: read: 30%  300 kB  10.0 kB/s  ETA 1:10  n\n", 0) == 0);
  CHECK(text.find("100%  1.0 MB  10.0 kB/s  n  in 1:40\n") != std::string::npos);
  CHECK(Stage().run(false, LogLevel::info, LogFormat::text, 1, 20).empty());
}

TEST_CASE("-q silences progress in every form") {
  CHECK(Stage().run(false, LogLevel::warn, LogFormat::text, 10, 100).empty());
  CHECK(Stage().run(true, LogLevel::warn, LogFormat::text, 10, 100).empty());
  CHECK(Stage().run(false, LogLevel::warn, LogFormat::json, 10, 100).empty());
}

TEST_CASE("JSON lines") {
  std::istringstream lines(Stage().run(true, LogLevel::info, LogFormat::json, 1, 100));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto j = nlohmann::json::parse(line);
    CHECK(j.at("level") == "progress");
    CHECK(j.at("stage") == "read");
    CHECK(j.at("total") == 1000000);
    CHECK(j.at("rate") == Approx(10000.0));
  }
  CHECK(count == 4);
}

TEST_CASE("a terminal gets a bar that never fills the last column and is wiped at the end") {
  const std::string text = Stage().run(true, LogLevel::info, LogFormat::text, 0.2, 50);
  std::istringstream pieces(text);
  size_t shown = 0;
  for (std::string piece; std::getline(pieces, piece, '\r'); ++shown) CHECK(piece.size() < 80);
  CHECK(shown == 51);
  CHECK(text.find('#') != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);  // no colour asked for
  CHECK(text.find('\n') == std::string::npos);    // short: no line stays
  CHECK(Stage().run(true, LogLevel::info, LogFormat::text, 0.2, 50, true).find("\x1b[1mread\x1b[0m") !=
        std::string::npos);
  CHECK(Stage().run(true, LogLevel::info, LogFormat::text, 0.01, 50).size() <
        10 * 80);  // not redrawn at every call
}

TEST_CASE("a log line wipes the bar first") {
  Stage s;
  Log log("t", s.fd.get(), LogLevel::info, LogFormat::text);
  cli::ShownProgress p(log, {true, true, s.fd.get(), 80, [&s] { return s.now; }});
  p.start("read", "B", 0);
  s.now += 1;
  p.update(5);
  log.info("hello");
  log.info("again");
  const std::string bar = "\x1b[1mread\x1b[0m  5 B  5 B/s\r";
  CHECK(read_file(s.path) == bar + std::string(16, ' ') + "\rt: hello\nt: again\n");
}

TEST_CASE("amounts and durations") {
  CHECK(cli::amount_text(0, "B") == "0 B");
  CHECK(cli::amount_text(999, "B") == "999 B");
  CHECK(cli::amount_text(1500, "B") == "1.5 kB");
  CHECK(cli::amount_text(999600, "B") == "1.0 MB");
  CHECK(cli::amount_text(1234567, "documents") == "1,234,567 documents");
  CHECK(cli::amount_text(0.25, "steps") == "0.2 steps");
  CHECK(cli::amount_text(3, "steps") == "3 steps");
  CHECK(cli::duration_text(0.2) == "0 s");
  CHECK(cli::duration_text(61) == "1:01");
  CHECK(cli::duration_text(3 * 3600 + 62) == "3:01:02");
}
