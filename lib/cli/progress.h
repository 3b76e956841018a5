// Draws base/progress.h: a bar with rate and remaining time on a terminal, else one line every 30 seconds
// (and one at the end of a stage that took longer), as text or as JSON objects. Never draws what the log
// level silences.
#pragma once

#include <functional>
#include <string>

#include "base/log.h"
#include "base/progress.h"

namespace ds::cli {

struct ProgressStyle {
  bool terminal = false;  // a bar that is redrawn
  bool color = false;     // bold stage name
  int fd = 2;             // for JSON lines; text goes through the log
  size_t width = 80;
  std::function<double()> now;  // seconds, steady; for tests
};

// What stderr and the environment (TERM, NO_COLOR) call for.
ProgressStyle detect_progress_style();

class ShownProgress : public Progress {
 public:
  ShownProgress(Log& log, ProgressStyle style);
  ~ShownProgress() override;
  void start(std::string_view stage, std::string_view unit, uint64_t total) override;
  void update(uint64_t done, std::string_view note = {}) override;
  void finish() override;

 private:
  void show(double now, bool last);
  std::string line(double seconds) const;

  Log& log_;
  ProgressStyle style_;
  std::string stage_, unit_, note_;
  uint64_t total_ = 0, done_ = 0;
  double started_ = 0, shown_ = 0;
  size_t drawn_ = 0;  // columns of the bar now on the screen
  bool active_ = false;
};

// "1.5 MB" for bytes (unit "B", powers of 1000), "12,345 documents" else.
std::string amount_text(double amount, const std::string& unit);
std::string duration_text(double seconds);  // "42 s", "3:07", "1:02:33"

}  // namespace ds::cli
