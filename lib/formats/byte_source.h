// A stream of bytes from a file or stdin, decompressed by content: gzip (also several members), zstd (also
// several frames), xz and bzip2 (also several streams); anything else is passed through. Truncated or damaged
// streams are data errors that name file and offset; all bytes before the damage come first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/hash.h"

namespace ds::formats {

struct SourceOptions {
  // More than one: what is compressed is unpacked ahead of read() on threads of its own, several members,
  // frames or blocks at a time where the file has them. The bytes and the errors are the same.
  int threads = 1;
  bool hash = true;  // false: no raw_digest()
};

class ByteSource {
 public:
  explicit ByteSource(const std::string& path, SourceOptions options = {});  // "-" is stdin; throws io
  ByteSource(ByteSource&&) noexcept;
  ~ByteSource();

  size_t read(char* out, size_t size);  // 0 at the end
  uint64_t raw_position() const;        // compressed bytes consumed, for progress against raw_size()
  uint64_t raw_size() const;            // 0 when unknown (pipe)
  const std::string& name() const;      // path, or "<stdin>" for messages
  FileDigest raw_digest() const;        // of the raw (compressed) bytes; valid once read() has returned 0

 private:
  struct State;
  std::unique_ptr<State> state_;
};

bool is_packed(const std::string& path);  // what ByteSource would decompress

// Lines of a ByteSource, without their "\n" (a last line without one counts). A line over `limit` bytes is a
// data error.
class LineReader {
 public:
  explicit LineReader(ByteSource& source, uint64_t limit = uint64_t{1} << 30);
  ~LineReader();
  bool next(std::string& line);  // false at the end
  uint64_t line_number() const;  // of the last line returned, from 1
  uint64_t byte_offset() const;  // where it begins in the decompressed stream

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ds::formats
