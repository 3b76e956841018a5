// Log lines for stderr, as text or as one JSON object a line. Thread-safe; a line is one write.
//
// The library never owns a log: it is handed one. Levels: error < warn < info < verbose < debug.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace ds {

enum class LogLevel { error, warn, info, verbose, debug };
enum class LogFormat { text, json };

class Log {
 public:
  // `tool` starts every text line ("ds-clean: warning: …"); `fd` -1 discards everything.
  Log(std::string tool, int fd, LogLevel level, LogFormat format);

  void error(std::string_view message, std::string_view hint = {});
  void warn(std::string_view message, std::string_view hint = {});
  void info(std::string_view message);
  void verbose(std::string_view message);
  void debug(std::string_view message);

  bool enabled(LogLevel level) const { return fd_ >= 0 && level <= level_; }
  LogFormat format() const { return format_; }

  // Raw text to the same descriptor under the same lock; ignored in JSON format. Text that ends with "\r" is
  // a progress bar: the next line wipes it first.
  void raw(std::string_view bytes);

  static Log& null();  // discards; for tests and for callers that do not care

 private:
  void line(LogLevel level, std::string_view message, std::string_view hint);
  std::string wipe_bar();

  std::string tool_;
  int fd_;
  LogLevel level_;
  LogFormat format_;
  std::mutex mutex_;
  size_t bar_columns_ = 0;  // of a bar that stands on the current line
};

}  // namespace ds
