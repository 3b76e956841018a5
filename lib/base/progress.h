// What a long operation tells about itself. The library calls it, `lib/cli` draws it, tests ignore it.
#pragma once

#include <cstdint>
#include <string_view>

namespace ds {

class Progress {
 public:
  virtual ~Progress() = default;
  // A new stage: `total` units of `unit` ("B", "documents", "steps"); 0 when the total is not known.
  virtual void start(std::string_view stage, std::string_view unit, uint64_t total) = 0;
  // Absolute position in the stage. Cheap to call often and from one thread at a time; `note` is shown beside
  // the rate ("loss 3.21").
  virtual void update(uint64_t done, std::string_view note = {}) = 0;
  virtual void finish() = 0;

  static Progress& null();  // shows nothing
};

}  // namespace ds
