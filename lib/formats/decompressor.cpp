// See decompressor.h.
#include "formats/decompressor.h"

#ifdef DS_BZIP2
#include <bzlib.h>
#endif
#include <fmt/format.h>
#ifdef DS_LZMA
#include <lzma.h>
#endif
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace ds::formats {
namespace {

constexpr uint64_t kXzMemory = uint64_t{512} << 20;  // xz -9 asks for 65 MiB

bool is_gzip(std::string_view s) { return s.starts_with("\x1f\x8b"); }
// A zstd frame, or a skippable frame (0x184D2A50 to 5F), little-endian.
bool is_zstd(std::string_view s) {
  return s.size() >= 4 &&
         (s.starts_with("\x28\xb5\x2f\xfd") || ((s[0] & 0xf0) == 0x50 && s.substr(1, 3) == "\x2a\x4d\x18"));
}
bool is_xz(std::string_view s) {
  return s.starts_with(
      std::string_view("\xfd"
                       "7zXZ\0",
                       6));
}
bool is_bzip2(std::string_view s) {
  return s.size() >= 6 && s.starts_with("BZh") && s[3] >= '1' && s[3] <= '9' &&
         (s.substr(4, 2) == "1A" || s.substr(4, 2) == "\x17\x72");
}

[[noreturn]] void no_memory(const char* what) { throw resource_error(fmt::format("no memory for {}", what)); }

class GzipDecompressor : public Decompressor {
 public:
  GzipDecompressor() {
    if (inflateInit2(&z_, 15 + 16) != Z_OK) no_memory("zlib");
  }
  ~GzipDecompressor() override { inflateEnd(&z_); }
  void begin_member() override { inflateReset(&z_); }
  Step step(std::string_view in, bool, char* out, size_t size) override {
    const auto given = static_cast<uInt>(std::min<size_t>(in.size(), UINT_MAX));
    const auto room = static_cast<uInt>(std::min<size_t>(size, UINT_MAX));
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    z_.avail_in = given;
    z_.next_out = reinterpret_cast<Bytef*>(out);
    z_.avail_out = room;
    const int result = inflate(&z_, Z_NO_FLUSH);
    Step s{given - z_.avail_in, room - z_.avail_out, result == Z_STREAM_END, {}, {}};
    if (result == Z_MEM_ERROR) no_memory("zlib");
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
      s.problem = z_.msg ? z_.msg : "not gzip";
    return s;
  }

 private:
  z_stream z_{};
};

// A call that meets damage loses what it had put out before. So each is given the input of one block alone,
// and room for all that comes of it: what comes out before the damage is then the same for any reader.
class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() : context_(ZSTD_createDCtx()) {
    if (!context_) no_memory("zstd");
  }
  ~ZstdDecompressor() override { ZSTD_freeDCtx(context_); }
  void begin_member() override {
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    wanted_ = 1;
  }
  Step step(std::string_view in, bool, char* out, size_t size) override {
    Step s;
    if (held_begin_ == held_end_) {
      const bool direct = size >= ZSTD_DStreamOutSize();
      if (!direct) held_.resize(ZSTD_DStreamOutSize());
      ZSTD_inBuffer from{in.data(), std::min(in.size(), std::max<size_t>(wanted_, 1)), 0};
      ZSTD_outBuffer to{direct ? out : held_.data(), ZSTD_DStreamOutSize(), 0};
      const size_t result = ZSTD_decompressStream(context_, &to, &from);
      s.used = from.pos;
      if (ZSTD_isError(result)) return refused(result);
      wanted_ = result;
      ended_ = result == 0;
      if (direct) {
        s.produced = to.pos;
      } else {
        held_begin_ = 0;
        held_end_ = to.pos;
      }
    }
    if (s.produced == 0) {
      s.produced = std::min(size, held_end_ - held_begin_);
      if (s.produced > 0) std::memcpy(out, held_.data() + held_begin_, s.produced);
      held_begin_ += s.produced;
    }
    s.member_ends = ended_ && held_begin_ == held_end_;
    if (s.member_ends) ended_ = false;
    return s;
  }

 private:
  static Step refused(size_t result) {
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) no_memory("zstd");
    Step s;
    if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge) {
      s.problem = "its zstd window is over 128 MiB";
      s.hint = "decompress it first: zstd -d --long=31 -c FILE | … -";
    } else {
      s.problem = ZSTD_getErrorName(result);
    }
    return s;
  }

  ZSTD_DCtx* context_;
  size_t wanted_ = 1;  // bytes of input that complete the block
  bool ended_ = false;
  std::vector<char> held_;  // a block for readers that take less at a time
  size_t held_begin_ = 0, held_end_ = 0;
};

#ifdef DS_LZMA
class XzDecompressor : public Decompressor {
 public:
  explicit XzDecompressor(int threads) : threads_(threads) {}
  ~XzDecompressor() override { lzma_end(&z_); }
  void begin_member() override {
    lzma_ret result;
#if LZMA_VERSION >= 50040002
    if (threads_ > 1) {
      lzma_mt how{};
      how.threads = static_cast<uint32_t>(threads_);
      how.memlimit_stop = kXzMemory;
      how.memlimit_threading =
          std::min<uint64_t>(kXzMemory, uint64_t{96} << 20) * static_cast<uint64_t>(threads_);
      result = lzma_stream_decoder_mt(&z_, &how);
    } else
#endif
      result = lzma_stream_decoder(&z_, kXzMemory, 0);
    if (result != LZMA_OK) no_memory("xz");
  }
  Step step(std::string_view in, bool in_is_all, char* out, size_t size) override {
    z_.next_in = reinterpret_cast<const uint8_t*>(in.data());
    z_.avail_in = in.size();
    z_.next_out = reinterpret_cast<uint8_t*>(out);
    z_.avail_out = size;
    // A threaded decoder holds output back unless it is told that this is all.
    const lzma_ret result = lzma_code(&z_, in_is_all ? LZMA_FINISH : LZMA_RUN);
    Step s{in.size() - z_.avail_in, size - z_.avail_out, result == LZMA_STREAM_END, {}, {}};
    switch (result) {
      case LZMA_OK:
      case LZMA_STREAM_END:
      case LZMA_BUF_ERROR:
        break;
      case LZMA_MEM_ERROR:
        no_memory("xz");
      case LZMA_MEMLIMIT_ERROR:
        s.problem = "its xz dictionary is over 512 MiB";
        s.hint = "decompress it first: xz -dc FILE | … -";
        break;
      case LZMA_OPTIONS_ERROR:
        s.problem = "options that this liblzma does not know";
        break;
      case LZMA_FORMAT_ERROR:
        s.problem = "not xz";
        break;
      default:
        s.problem = "wrong data";
    }
    return s;
  }

 private:
  [[maybe_unused]] int threads_;
  lzma_stream z_ = LZMA_STREAM_INIT;
};

#endif

#ifdef DS_BZIP2
class Bzip2Decompressor : public Decompressor {
 public:
  ~Bzip2Decompressor() override { BZ2_bzDecompressEnd(&z_); }
  void begin_member() override {
    BZ2_bzDecompressEnd(&z_);
    z_ = {};
    if (BZ2_bzDecompressInit(&z_, 0, 0) != BZ_OK) no_memory("bzip2");
  }
  Step step(std::string_view in, bool, char* out, size_t size) override {
    const auto given = static_cast<unsigned>(std::min<size_t>(in.size(), UINT_MAX));
    const auto room = static_cast<unsigned>(std::min<size_t>(size, UINT_MAX));
    z_.next_in = const_cast<char*>(in.data());
    z_.avail_in = given;
    z_.next_out = out;
    z_.avail_out = room;
    const int result = BZ2_bzDecompress(&z_);
    Step s{given - z_.avail_in, room - z_.avail_out, result == BZ_STREAM_END, {}, {}};
    if (result == BZ_MEM_ERROR) no_memory("bzip2");
    if (result != BZ_OK && result != BZ_STREAM_END) s.problem = "wrong data";
    return s;
  }

 private:
  bz_stream z_{};
};
#endif

// ---- cutting between members

// A header that no writer of today makes differently: known flags, a usual value for the effort and the
// system.
bool begins_gzip(std::string_view s) {
  return s.size() >= 10 && s.starts_with("\x1f\x8b\x08") && (s[3] & 0xe0) == 0 &&
         (s[8] == 0 || s[8] == 2 || s[8] == 4) && (static_cast<unsigned char>(s[9]) <= 13 || s[9] == '\xff');
}
bool begins_bzip2(std::string_view s) {
  return s.size() >= 10 && s.starts_with("BZh") && s[3] >= '1' && s[3] <= '9' && s.substr(4, 6) == "1AY&SY";
}

// The size of a member of blocked gzip (bgzip, htslib), which its header tells; 0: no such one.
size_t bgzf_size(std::string_view s) {
  const auto at = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(s[i])); };
  if (s.size() < 18 || !s.starts_with("\x1f\x8b\x08\x04")) return 0;
  const size_t extra = at(10) | at(11) << 8;
  for (size_t p = 12; p + 4 <= std::min(12 + extra, s.size());) {
    const size_t length = at(p + 2) | at(p + 3) << 8;
    if (s[p] == 'B' && s[p + 1] == 'C' && length == 2 && p + 6 <= s.size())
      return (at(p + 4) | at(p + 5) << 8) + 1;
    p += 4 + length;
  }
  return 0;
}

size_t cut_by_size(Packing packing, std::string_view in, size_t least) {
  size_t at = 0;
  while (at < least && at < in.size()) {
    const std::string_view rest = in.substr(at);
    size_t size = 0;
    if (packing == Packing::zstd) {
      size = is_zstd(rest) ? ZSTD_findFrameCompressedSize(rest.data(), rest.size()) : 0;
      if (ZSTD_isError(size)) size = 0;
    } else {
      size = bgzf_size(rest);
    }
    if (size == 0 || size > rest.size()) break;
    at += size;
  }
  return at;
}

template <class Begins>
size_t cut_by_magic(std::string_view in, bool in_is_all, size_t least, char first, Begins begins) {
  for (size_t at = least; at < in.size(); ++at) {
    const void* hit = std::memchr(in.data() + at, first, in.size() - at);
    if (!hit) break;
    at = static_cast<size_t>(static_cast<const char*>(hit) - in.data());
    if (begins(in.substr(at))) return at;
  }
  return in_is_all ? in.size() : 0;
}

}  // namespace

Packing packing_of(std::string_view s) {
  return is_gzip(s)    ? Packing::gzip
         : is_zstd(s)  ? Packing::zstd
         : is_xz(s)    ? Packing::xz
         : is_bzip2(s) ? Packing::bzip2
                       : Packing::none;
}

const char* packing_name(Packing packing) {
  static constexpr const char* kNames[] = {"plain", "gzip", "zstd", "xz", "bzip2"};
  return kNames[static_cast<int>(packing)];
}

std::unique_ptr<Decompressor> make_decompressor(Packing packing, int threads) {
  switch (packing) {
    case Packing::gzip:
      return std::make_unique<GzipDecompressor>();
    case Packing::zstd:
      return std::make_unique<ZstdDecompressor>();
#ifdef DS_LZMA
    case Packing::xz:
      return std::make_unique<XzDecompressor>(threads);
#endif
#ifdef DS_BZIP2
    case Packing::bzip2:
      return std::make_unique<Bzip2Decompressor>();
#endif
    case Packing::none:
      throw internal_error("no decompressor for plain bytes");
    default:
      (void)threads;
      throw resource_error(fmt::format("this build cannot read {}", packing_name(packing)),
                           packing == Packing::xz ? "build with liblzma-dev" : "build with libbz2-dev");
  }
}

bool decode_members(Packing packing, std::string_view in, size_t limit, std::vector<char>& out,
                    size_t& size) {
  const std::unique_ptr<Decompressor> decompressor = make_decompressor(packing);
  size = 0;
  out.resize(std::max(out.size(), std::min(limit, in.size() * 4 + 1024)));
  while (!in.empty()) {
    if (packing_of(in) != packing) return false;
    decompressor->begin_member();
    for (bool inside = true; inside;) {
      if (size == out.size()) {
        if (size >= limit) return false;
        out.resize(std::min(limit, size * 2));
      }
      const Decompressor::Step step = decompressor->step(in, true, out.data() + size, out.size() - size);
      if (!step.problem.empty()) return false;
      in.remove_prefix(step.used);
      size += step.produced;
      inside = !step.member_ends;
      if (inside && step.used == 0 && step.produced == 0) return false;
    }
  }
  return true;
}

size_t cut_members(Packing packing, std::string_view in, bool in_is_all, size_t least) {
  if (packing == Packing::zstd) return cut_by_size(packing, in, least);
  if (packing == Packing::gzip) {
    if (bgzf_size(in) > 0) return cut_by_size(packing, in, least);
    return cut_by_magic(in, in_is_all, least, '\x1f', begins_gzip);
  }
  if (packing == Packing::bzip2) return cut_by_magic(in, in_is_all, least, 'B', begins_bzip2);
  return 0;  // xz streams are decoded by several threads as they are
}

}  // namespace ds::formats
