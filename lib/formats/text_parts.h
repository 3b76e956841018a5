// A text file that is one document, read in parts: for what can be done to a text bit by bit, so that it need
// not be in memory as a whole.
//
// The parts are valid UTF-8, repaired as base/utf8.h has it, and joined they are the file's text without its
// byte order mark. Their borders are the caller's. A file is refused for what corpus.h refuses it for, but
// maybe not before some parts are out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "formats/buffer.h"
#include "formats/byte_source.h"

namespace ds::formats {

class TextParts {
 public:
  // The first place at or behind `from` to cut a text that begins with `text` and may go on; nullopt: none
  // is seen.
  using Cut = std::function<std::optional<size_t>(std::string_view text, size_t from)>;

  // `limit`: bytes of the file. Throws io.
  TextParts(const std::string& path, SourceOptions options, uint64_t limit);

  // The next part, of about `size` bytes, more where there is no cut. False at the end; an empty file has no
  // part, every other has a last one. Throws io, data. `part` lends its memory.
  bool next(Buffer& part, size_t size, const Cut& cut);
  bool last() const { return done_; }           // the part that next() gave was the last one
  uint64_t bytes() const { return raw_text_; }  // of text read so far, as the file has them
  const ByteSource& source() const { return source_; }

 private:
  void read(Buffer& text, size_t want);
  void check(Buffer& text);

  ByteSource source_;
  const uint64_t limit_;
  Buffer left_;       // what was read behind the last part
  size_t valid_ = 0;  // so much of it, or of the part being read, is checked
  uint64_t raw_ = 0, raw_text_ = 0;
  bool ended_ = false, done_ = false;
};

}  // namespace ds::formats
