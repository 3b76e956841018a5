// Progress as a bar, as lines or as JSON.
#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/io.h"

namespace ds::cli {
namespace {

constexpr double kRedraw = 0.1, kLineEvery = 30;  // seconds

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool set_and_not_empty(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

}  // namespace

std::string amount_text(double amount, const std::string& unit) {
  if (unit == "B") {
    static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    size_t i = 0;
    while (amount >= 999.5 && i < 4) amount /= 1000, ++i;
    return fmt::format("{:.{}f} {}", amount, i == 0 || amount >= 99.5 ? 0 : 1, kUnits[i]);
  }
  if (amount > 0 && amount < 9.95) {
    std::string small = fmt::format("{:.1f}", amount);
    if (small.size() > 2 && small.compare(small.size() - 2, 2, ".0") == 0) small.resize(small.size() - 2);
    return small + " " + unit;
  }
  std::string digits = fmt::format("{:.0f}", amount);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits + " " + unit;
}

std::string duration_text(double seconds) {
  const auto s = static_cast<uint64_t>(std::max(0.0, std::min(seconds, 1e9)) + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

ProgressStyle detect_progress_style() {
  ProgressStyle style;
  const char* term = std::getenv("TERM");
  style.terminal = ::isatty(2) && term && std::strcmp(term, "dumb") != 0;
  style.color = style.terminal && !set_and_not_empty("NO_COLOR");
  winsize size{};
  if (style.terminal && ::ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) style.width = size.ws_col;
  return style;
}

ShownProgress::ShownProgress(Log& log, ProgressStyle style) : log_(log), style_(std::move(style)) {
  if (!style_.now) style_.now = steady_seconds;
  if (log_.format() == LogFormat::json) style_.terminal = false;
}

ShownProgress::~ShownProgress() {
  if (active_ && style_.terminal && drawn_ > 0) log_.raw(std::string(drawn_, ' ') + "\r");
}

void ShownProgress::start(std::string_view stage, std::string_view unit, uint64_t total) {
  if (active_) finish();
  stage_ = stage;
  unit_ = unit;
  note_.clear();
  total_ = total;
  done_ = 0;
  started_ = shown_ = style_.now();
  active_ = log_.enabled(LogLevel::info);
}

void ShownProgress::update(uint64_t done, std::string_view note) {
  if (!active_) return;
  done_ = done;
  const double now = style_.now();
  if (now - shown_ < (style_.terminal ? kRedraw : kLineEvery)) return;
  note_ = note;
  show(now, false);
  shown_ = now;
}

void ShownProgress::finish() {
  if (!active_) return;
  const double now = style_.now();
  if (style_.terminal) {
    if (drawn_ > 0) log_.raw(std::string(drawn_, ' ') + "\r");
    drawn_ = 0;
  }
  if (now - started_ > kLineEvery) show(now, true);
  active_ = false;
}

std::string ShownProgress::line(double seconds) const {
  std::string out;
  if (total_ > 0)
    out += fmt::format("{:.0f}%  ",
                       100.0 * std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_)));
  out += amount_text(static_cast<double>(done_), unit_);
  if (seconds > 0 && done_ > 0) {
    const double rate = static_cast<double>(done_) / seconds;
    out += "  " + amount_text(rate, unit_) + "/s";
    if (total_ > done_) out += "  ETA " + duration_text(static_cast<double>(total_ - done_) / rate);
  }
  return note_.empty() ? out : out + "  " + note_;
}

void ShownProgress::show(double now, bool last) {
  const double seconds = now - started_;
  if (log_.format() == LogFormat::json) {
    nlohmann::json j = {
        {"level", "progress"}, {"stage", stage_}, {"done", done_}, {"unit", unit_}, {"seconds", seconds}};
    if (total_ > 0) j["total"] = total_;
    if (seconds > 0) j["rate"] = static_cast<double>(done_) / seconds;
    if (!note_.empty()) j["note"] = note_;
    write_all(style_.fd, j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", "stderr");
    return;
  }
  if (!style_.terminal || last) {
    log_.info(fmt::format("{}: {}{}", stage_, line(seconds), last ? "  in " + duration_text(seconds) : ""));
    return;
  }
  // The cursor goes back to the first column; a log line that comes next wipes the bar (base/log.h).
  std::string text = line(seconds);
  std::string bar;
  const size_t used = stage_.size() + text.size() + 6;
  if (total_ > 0 && used + 10 < style_.width) {
    const size_t cells = std::min<size_t>(30, style_.width - used);
    const auto full = static_cast<size_t>(
        static_cast<double>(cells) * std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_)));
    bar = "[" + std::string(full, '#') + std::string(cells - full, '-') + "] ";
  }
  std::string plain = stage_ + "  " + bar + text;
  if (plain.size() >= style_.width) plain.resize(style_.width - 1);
  const size_t columns = plain.size();
  if (style_.color && stage_.size() <= columns)
    plain = "\x1b[1m" + plain.substr(0, stage_.size()) + "\x1b[0m" + plain.substr(stage_.size());
  if (columns < drawn_) plain.append(drawn_ - columns, ' ');
  drawn_ = columns;
  log_.raw(plain + "\r");
}

}  // namespace ds::cli
