#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "catch.h"
#include "scratch.h"

using namespace ds;

namespace {

std::string logged(LogLevel level, LogFormat format, void (*speak)(Log&)) {
  const test::Scratch scratch;
  const std::string path = scratch.file("log");
  const Fd fd = open_create(path);
  Log log("ds-test", fd.get(), level, format);
  speak(log);
  return read_file(path);
}

}  // namespace

TEST_CASE("text lines carry the tool, the level and the hint") {
  CHECK(logged(LogLevel::info, LogFormat::text, [](Log& l) {
          l.error("a.txt: broken", "mend it");
          l.warn("odd");
          l.info("done");
          l.verbose("not shown");
        }) == "ds-test: error: a.txt: broken\nhint: mend it\nds-test: warning: odd\nds-test: done\n");
}

TEST_CASE("control characters of a file name do not reach the terminal") {
  CHECK(logged(LogLevel::info, LogFormat::text, [](Log& l) { l.info("a\x1b[31m\rb\x7f\tc"); }) ==
        "ds-test: a\\x1b[31m\\x0db\\x7f\tc\n");
}

TEST_CASE("JSON lines parse, whatever the message holds") {
  const std::string text = logged(LogLevel::debug, LogFormat::json, [](Log& l) {
    l.error("bad \xff byte \"quoted\"\nsecond", "hint");
    l.raw("progress bar");
    l.debug("small");
  });
  const size_t cut = text.find('\n');
  const auto first = nlohmann::json::parse(text.substr(0, cut));
  CHECK(first["level"] == "error");
  CHECK(first["tool"] == "ds-test");
  CHECK(first["hint"] == "hint");
  CHECK(first["time"].get<std::string>().size() == 24);
  CHECK(nlohmann::json::parse(text.substr(cut + 1))["message"] == "small");
}

TEST_CASE("the null log is silent and a closed descriptor harms nobody") {
  CHECK(!Log::null().enabled(LogLevel::error));
  Log::null().error("x");
  Log closed("t", 987, LogLevel::info, LogFormat::text);
  closed.error("x");
}
