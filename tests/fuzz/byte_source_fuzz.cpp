// gzip and zstd streams, whole and damaged; at most 16 MB of each are unpacked.
#include <vector>

#include "formats/byte_source.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  ds::formats::ByteSource source(file_of(input, ".gz"));
  std::vector<char> piece(1 << 16);
  for (int i = 0; i < 256 && source.read(piece.data(), piece.size()) > 0; ++i) {
  }
}
