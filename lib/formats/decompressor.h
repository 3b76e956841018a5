// Decompressors, all with one face: gzip, zstd, xz, bzip2. A compressed file is a row of members (gzip),
// frames (zstd) or streams (xz, bzip2), each of which can be decoded by itself; a Decompressor decodes one at
// a time. Memory is its window, for which there are limits, whatever a header claims.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ds::formats {

enum class Packing { none, gzip, zstd, xz, bzip2 };
constexpr size_t kMagicBytes = 6;                  // enough to tell
Packing packing_of(std::string_view first_bytes);  // by content
const char* packing_name(Packing packing);         // "gzip"

class Decompressor {
 public:
  virtual ~Decompressor() = default;
  virtual void begin_member() = 0;
  struct Step {
    size_t used = 0, produced = 0;
    bool member_ends = false;
    std::string problem;  // not empty: damaged
    std::string hint;     // not empty: not damaged, but beyond our limits
  };
  // Decodes some of `in` into `out`. Neither progress nor end means that more input is needed.
  virtual Step step(std::string_view in, bool in_is_all, char* out, size_t size) = 0;
};
// `threads` > 1 lets an xz decompressor use that many for the blocks of a stream. Throws resource.
std::unique_ptr<Decompressor> make_decompressor(Packing packing, int threads = 1);

// Decodes whole members that fill `in` exactly. False when they do not, are damaged, or hold more than
// `limit` bytes.
bool decode_members(Packing packing, std::string_view in, size_t limit, std::vector<char>& out, size_t& size);

// Where a run of whole members that begins at `in` ends, at least `least` bytes further if possible: where
// another one surely or (gzip, bzip2) very likely begins, or, when `in_is_all`, at the end. 0: not to be seen
// from these bytes.
size_t cut_members(Packing packing, std::string_view in, bool in_is_all, size_t least);

}  // namespace ds::formats
