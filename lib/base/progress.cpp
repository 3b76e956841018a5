// The progress that shows nothing.
#include "base/progress.h"

namespace ds {

namespace {

class NullProgress : public Progress {
 public:
  void start(std::string_view, std::string_view, uint64_t) override {}
  void update(uint64_t, std::string_view) override {}
  void finish() override {}
};

}  // namespace

Progress& Progress::null() {
  static NullProgress progress;
  return progress;
}

}  // namespace ds
