#include "tokenizer/char_class.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>

#include "tokenizer/char_runs.inc"

namespace ds::tokenizer {

const uint8_t* class_table() {
  static const std::unique_ptr<uint8_t[]> table = [] {
    auto t = std::make_unique_for_overwrite<uint8_t[]>(0x110000);
    const size_t n = std::size(detail::kClassRuns);
    for (size_t i = 0; i < n; ++i) {
      const uint32_t begin = detail::kClassRuns[i] >> 8;
      const uint32_t end = i + 1 < n ? detail::kClassRuns[i + 1] >> 8 : 0x110000;
      std::memset(t.get() + begin, static_cast<int>(detail::kClassRuns[i] & 0xFF), end - begin);
    }
    return t;
  }();
  return table.get();
}

bool is_word_character(uint32_t c) {
  const auto* end = std::end(detail::kWordRuns);
  const auto* next = std::upper_bound(std::begin(detail::kWordRuns), end, c);
  return (next - std::begin(detail::kWordRuns)) % 2 == 0;
}

}  // namespace ds::tokenizer
