// Training metrics: `metrics.jsonl` (one object per logged step) and TensorBoard event files.
//
// Both are logs that grow by whole records, not artifacts: a killed run leaves at most one torn last line,
// which the next opening removes together with the steps that will be done again.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/io.h"

namespace ds::formats {

class MetricsLog {
 public:
  // Opens or creates `path` and drops every line whose "step" is greater than `last_step` and every line that
  // is no complete JSON object. A fresh run passes -1.
  MetricsLog(std::string path, int64_t last_step);

  void append(const nlohmann::json& line);  // one write, whole line; throws io
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Fd fd_;
};

// All lines of a metrics file; a torn last line is left out. Throws io.
std::vector<nlohmann::json> read_metrics(const std::string& path);

// One event file `FOLDER/events.out.tfevents.<seconds>.ds-tools` (TFRecord framing, tensorflow.Event
// messages). Every opening starts a new file; a resumed run tells TensorBoard to forget the steps after
// `last_step`. https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
class EventWriter {
 public:
  // `wall_time`: seconds since 1970, from the caller's clock. last_step < 0: a fresh run.
  EventWriter(const std::string& folder, double wall_time, int64_t last_step = -1);

  void scalars(int64_t step, double wall_time, const std::vector<std::pair<std::string, float>>& values);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Fd fd_;
};

// The bytes of single records, for the writer and its tests.
std::string event_version(double wall_time);
std::string event_restart(double wall_time, int64_t step);
std::string event_scalars(double wall_time, int64_t step,
                          const std::vector<std::pair<std::string, float>>& values);
std::string tfrecord(
    std::string_view payload);  // u64 length, masked crc32c of it, payload, masked crc32c of that

}  // namespace ds::formats
