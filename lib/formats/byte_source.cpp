// Raw bytes are hashed as they are read, then passed through, inflated (zlib) or decompressed (zstd) into the
// caller's buffer. Memory is one raw buffer and the decoder's window, whatever the headers claim.
#include "formats/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/io.h"

namespace ds::formats {

namespace {

constexpr size_t kRawBuffer = size_t{1} << 18;

bool is_gzip(std::string_view s) { return s.size() >= 2 && s[0] == '\x1f' && s[1] == '\x8b'; }

// A zstd frame, or a skippable frame (0x184D2A50 to 5F), little-endian.
bool is_zstd(std::string_view s) {
  if (s.size() < 4) return false;
  const std::string_view frame("\x28\xb5\x2f\xfd", 4), skippable("\x2a\x4d\x18", 3);
  return s.substr(0, 4) == frame || ((s[0] & 0xf0) == 0x50 && s.substr(1, 3) == skippable);
}

}  // namespace

struct ByteSource::State {
  enum Mode { unknown, plain, gzip, zstd } mode = unknown;
  std::string name;
  Fd fd;
  uint64_t raw_size = 0, raw_read = 0;
  Sha256 hash;
  FileDigest digest;
  std::vector<char> buffer = std::vector<char>(kRawBuffer);
  size_t begin = 0, end = 0;  // the raw bytes not yet used
  bool raw_end = false;       // read() has returned 0
  bool inside = false;        // in the middle of a gzip member or zstd frame
  bool finished = false;
  z_stream inflater{};
  ZSTD_DCtx* decoder = nullptr;

  ~State() {
    if (mode == gzip) inflateEnd(&inflater);
    ZSTD_freeDCtx(decoder);
  }

  std::string_view raw() const { return {buffer.data() + begin, end - begin}; }
  uint64_t position() const { return raw_read - (end - begin); }

  // At least `n` raw bytes are at hand, or all that there are.
  bool want(size_t n) {
    while (end - begin < n && !raw_end) {
      if (begin > 0) {
        std::memmove(buffer.data(), buffer.data() + begin, end - begin);
        end -= begin;
        begin = 0;
      }
      const size_t got = read_some(fd.get(), buffer.data() + end, buffer.size() - end, name);
      raw_end = got == 0;
      hash.update({buffer.data() + end, got});
      end += got;
      raw_read += got;
    }
    return end - begin >= n;
  }

  [[noreturn]] void damaged(const std::string& what) const {
    throw data_error(name + ": " + what, "the file is incomplete or damaged: get or make it again");
  }
  [[noreturn]] void truncated(const char* format) const {
    damaged("truncated at byte " + std::to_string(raw_read) + ", in the middle of a " + format);
  }

  void detect() {
    want(4);
    if (is_gzip(raw())) {
      if (inflateInit2(&inflater, 15 + 16) != Z_OK) throw resource_error(name + ": no memory for zlib");
      mode = gzip;
    } else if (is_zstd(raw())) {
      decoder = ZSTD_createDCtx();
      if (!decoder) throw resource_error(name + ": no memory for zstd");
      mode = zstd;
    } else {
      mode = plain;
    }
  }

  size_t read_plain(char* out, size_t size) {
    if (!want(1)) return 0;
    const size_t n = std::min(size, end - begin);
    std::memcpy(out, buffer.data() + begin, n);
    begin += n;
    return n;
  }

  // Between members: another one, zero padding as tapes have it, or the end.
  bool next_member() {
    want(2);
    if (is_gzip(raw())) {
      inflateReset(&inflater);
      return true;
    }
    while (want(1)) {
      for (; begin < end; ++begin)
        if (buffer[begin] != 0) damaged("garbage after the gzip data, at byte " + std::to_string(position()));
    }
    return false;
  }

  size_t read_gzip(char* out, size_t size) {
    for (;;) {
      if (!inside && !next_member()) return 0;
      inside = true;
      // zlib may hold output back from an earlier call, so it runs once more even when there is no more
      // input.
      want(1);
      inflater.next_in = reinterpret_cast<Bytef*>(buffer.data() + begin);
      inflater.avail_in = static_cast<uInt>(end - begin);
      inflater.next_out = reinterpret_cast<Bytef*>(out);
      const auto room = static_cast<uInt>(std::min<size_t>(size, uInt{1} << 30));
      inflater.avail_out = room;
      const int result = inflate(&inflater, Z_NO_FLUSH);
      begin = end - inflater.avail_in;
      const size_t produced = room - inflater.avail_out;
      if (result == Z_STREAM_END) {
        inside = false;
      } else if (result == Z_MEM_ERROR) {
        throw resource_error(name + ": no memory for zlib");
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        damaged("damaged gzip data near byte " + std::to_string(position()) +
                (inflater.msg ? std::string(": ") + inflater.msg : ""));
      }
      if (produced > 0) return produced;
      if (inside && raw_end && begin == end) truncated("gzip stream");
    }
  }

  size_t read_zstd(char* out, size_t size) {
    for (;;) {
      if (!want(1) && !inside) return 0;
      if (!inside) {
        want(4);
        if (!is_zstd(raw())) {
          if (raw_end && end - begin < 4) truncated("zstd stream");
          damaged("garbage after the zstd data, at byte " + std::to_string(position()));
        }
      }
      ZSTD_inBuffer in{buffer.data() + begin, end - begin, 0};
      ZSTD_outBuffer target{out, size, 0};
      const size_t result = ZSTD_decompressStream(decoder, &target, &in);
      if (ZSTD_isError(result)) {
        if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
          throw data_error(name + ": its zstd window is over 128 MiB",
                           "decompress it first: zstd -d --long=31 -c " + name + " | … -");
        if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
          throw resource_error(name + ": no memory for zstd");
        damaged("damaged zstd data near byte " + std::to_string(position()) + ": " +
                ZSTD_getErrorName(result));
      }
      begin += in.pos;
      inside = result != 0;
      if (target.pos > 0) return target.pos;
      if (inside && raw_end && begin == end) truncated("zstd frame");
    }
  }

  size_t read(char* out, size_t size) {
    if (finished || size == 0) return 0;
    if (mode == unknown) detect();
    const size_t n = mode == plain  ? read_plain(out, size)
                     : mode == gzip ? read_gzip(out, size)
                                    : read_zstd(out, size);
    if (n == 0) {
      finished = true;
      digest = {raw_read, hash.hex()};
    }
    return n;
  }
};

ByteSource::ByteSource(const std::string& path) : state_(std::make_unique<State>()) {
  state_->name = path == "-" ? "<stdin>" : path;
  state_->fd = open_read(path);
  struct stat st{};
  if (::fstat(state_->fd.get(), &st) == 0 && S_ISREG(st.st_mode)) {
    const off_t at = ::lseek(state_->fd.get(), 0, SEEK_CUR);  // stdin may be a file that was read in part
    state_->raw_size = static_cast<uint64_t>(std::max<off_t>(st.st_size - std::max<off_t>(at, 0), 0));
    ::posix_fadvise(state_->fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
}

ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

size_t ByteSource::read(char* out, size_t size) { return state_->read(out, size); }
uint64_t ByteSource::raw_position() const { return state_->position(); }
uint64_t ByteSource::raw_size() const { return state_->raw_size; }
const std::string& ByteSource::name() const { return state_->name; }

FileDigest ByteSource::raw_digest() const {
  if (!state_->finished) throw internal_error(state_->name + ": its digest was asked for before its end");
  return state_->digest;
}

struct LineReader::State {
  ByteSource& source;
  uint64_t limit;
  std::vector<char> buffer = std::vector<char>(kRawBuffer);
  size_t begin = 0, end = 0;
  uint64_t number = 0, start = 0, next_start = 0;
};

LineReader::LineReader(ByteSource& source, uint64_t limit) : state_(new State{source, limit}) {}
LineReader::~LineReader() = default;

bool LineReader::next(std::string& line) {
  State& s = *state_;
  line.clear();
  for (bool started = false;;) {
    if (s.begin == s.end) {
      s.begin = 0;
      s.end = s.source.read(s.buffer.data(), s.buffer.size());
      if (s.end == 0) {
        if (!started) return false;
        s.next_start += line.size();
        return true;
      }
    }
    if (!started) {
      started = true;
      ++s.number;
      s.start = s.next_start;
    }
    const char* from = s.buffer.data() + s.begin;
    const auto* newline = static_cast<const char*>(std::memchr(from, '\n', s.end - s.begin));
    const size_t piece = newline ? static_cast<size_t>(newline - from) : s.end - s.begin;
    if (line.size() + piece > s.limit)
      throw data_error(s.source.name() + ": line " + std::to_string(s.number) + " (at byte " +
                           std::to_string(s.start) + "): longer than " + std::to_string(s.limit) + " bytes",
                       "one line is one document: is this file really text with line ends?");
    line.append(from, piece);
    s.begin += piece + (newline ? 1 : 0);
    if (newline) {
      s.next_start += line.size() + 1;
      return true;
    }
  }
}

uint64_t LineReader::line_number() const { return state_->number; }
uint64_t LineReader::byte_offset() const { return state_->start; }

}  // namespace ds::formats
