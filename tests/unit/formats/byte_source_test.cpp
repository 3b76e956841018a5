#include "formats/byte_source.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#ifdef DS_BZIP2
#include <bzlib.h>
#endif
#ifdef DS_LZMA
#include <lzma.h>
#endif

#include <thread>

#include "base/error.h"
#include "base/io.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using test::Scratch;
using test::thrown_by;

namespace {

std::string gzip(const std::string& bytes) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string zstd(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

#ifdef DS_LZMA
// Blocks of 64 KiB, so that there are several.
std::string xz(const std::string& bytes) {
  lzma_mt how{};
  how.threads = 1;
  how.block_size = 65536;
  how.preset = 1;
  how.check = LZMA_CHECK_CRC64;
  lzma_stream z = LZMA_STREAM_INIT;
  REQUIRE(lzma_stream_encoder_mt(&z, &how) == LZMA_OK);
  std::string out(bytes.size() * 2 + 1024, '\0');
  z.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
  z.avail_in = bytes.size();
  z.next_out = reinterpret_cast<uint8_t*>(out.data());
  z.avail_out = out.size();
  REQUIRE(lzma_code(&z, LZMA_FINISH) == LZMA_STREAM_END);
  out.resize(z.total_out);
  lzma_end(&z);
  return out;
}
#endif

#ifdef DS_BZIP2
std::string bzip2(const std::string& bytes) {
  std::string out(bytes.size() * 2 + 1024, '\0');
  auto size = static_cast<unsigned>(out.size());
  REQUIRE(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(bytes.data()),
                                   static_cast<unsigned>(bytes.size()), 1, 0, 0) == BZ_OK);
  out.resize(size);
  return out;
}
#endif

using Pack = std::string (*)(const std::string&);
const std::vector<Pack> kPackers = {
    gzip,
    zstd,
#ifdef DS_LZMA
    xz,
#endif
#ifdef DS_BZIP2
    bzip2,
#endif
};

std::string read_all(ByteSource& source, size_t piece) {
  std::string all, buffer(piece, '\0');
  while (const size_t n = source.read(buffer.data(), piece)) all.append(buffer, 0, n);
  return all;
}

// Without write_file's syncs: there are thousands of these.
void put(const std::string& path, const std::string& bytes) {
  Fd fd = open_create(path);
  write_all(fd.get(), bytes, path);
  fd.close(path);
}

// What the file that holds `raw` decodes to; checks the digest and the position on the way.
std::string decoded(const std::string& raw, size_t piece = 7777) {
  const Scratch s;
  put(s.file("f"), raw);
  ByteSource source(s.file("f"));
  CHECK(source.raw_size() == raw.size());
  const std::string all = read_all(source, piece);
  CHECK(source.raw_digest() == FileDigest{raw.size(), sha256_hex(raw)});
  CHECK(source.raw_position() == raw.size());
  return all;
}

Error refused(const std::string& raw) {
  const Scratch s;
  put(s.file("f"), raw);
  return thrown_by<Error>([&] {
    ByteSource source(s.file("f"));
    read_all(source, 5000);
  });
}

// Half random, half repetitive, so that both kinds of blocks occur.
std::string sample(uint64_t seed, size_t size) {
  const Rng rng(seed, RngStream::test);
  std::string bytes;
  for (uint64_t i = 0; bytes.size() < size; ++i)
    bytes += i % 64 < 32 ? static_cast<char>(rng.bits(i)) : "the same words again "[i % 21];
  return bytes;
}

}  // namespace

TEST_CASE("plain bytes pass through, also those that only begin like a magic number") {
  for (const std::string& raw :
       {std::string(), std::string("a"), std::string("\x1f"), std::string("\x28\xb5"),
        std::string("\x28\xb5\x2f\xfe text"), sample(1, 1000000)})
    CHECK(decoded(raw) == raw);
}

TEST_CASE("gzip and zstd are decoded by content, in any pieces, one stream or several") {
  const std::string a = sample(2, 700000), b = sample(3, 10), empty;
  for (const size_t piece : {1000, 262144, 2000000}) {
    CHECK(decoded(gzip(a), piece) == a);
    CHECK(decoded(zstd(a), piece) == a);
    CHECK(decoded(gzip(a) + gzip(empty) + gzip(b) + gzip(a), piece) == a + b + a);
    CHECK(decoded(zstd(a) + zstd(empty) + zstd(b) + zstd(a), piece) == a + b + a);
  }
  CHECK(decoded(gzip(b), 1) == b);
  CHECK(decoded(zstd(b), 1) == b);
  CHECK(decoded(gzip(empty)).empty());
  CHECK(decoded(zstd(empty)).empty());
  CHECK(decoded(gzip(a) + std::string(1000, '\0')) == a);  // padded by a tape or a block device
  const std::string skippable("\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  CHECK(decoded(skippable + zstd(b) + skippable) == b);
}

TEST_CASE("member borders may fall anywhere in the raw buffer") {
  // Random bytes keep their length under deflate, so that the border moves over 2^18 one byte at a time.
  const Rng rng(5, RngStream::test);
  std::string noise;
  for (uint64_t i = 0; noise.size() < 262300; ++i) noise += static_cast<char>(rng.bits(i));
  for (size_t n = 262060; n < 262140; n += 3) {
    const std::string head = noise.substr(0, n);
    CHECK(decoded(gzip(head) + gzip("tail"), 1 << 20) == head + "tail");
    CHECK(decoded(zstd(head) + zstd("tail"), 1 << 20) == head + "tail");
  }
}

TEST_CASE("every truncation is a data error that names the file and the byte") {
  const std::string text = sample(4, 800);
  for (const std::string& whole : {gzip(text), zstd(text), gzip("x") + gzip(text), zstd("x") + zstd(text)}) {
    for (size_t n = 4; n < whole.size(); n += n % 5 + 1) {
      if (n == gzip("x").size() || n == zstd("x").size()) continue;  // the end of the first stream is an end
      const Error e = refused(whole.substr(0, n));
      CHECK(e.kind() == ErrorKind::data);
      const std::string what = e.what();
      CHECK(what.find("/f: ") != std::string::npos);
      CHECK(what.find(std::to_string(n)) != std::string::npos);
      CHECK(!e.hint().empty());
    }
  }
}

TEST_CASE("damage and trailing garbage are data errors") {
  const std::string text = sample(6, 50000);
  for (std::string raw : {gzip(text), zstd(text)}) {
    CHECK(refused(raw + "garbage").kind() == ErrorKind::data);
    CHECK(refused(raw + "g").kind() == ErrorKind::data);
    CHECK(refused(raw + std::string(300000, '\0') + "g").kind() == ErrorKind::data);
    for (size_t at = 20; at < raw.size(); at += 997) {
      // A flipped bit is seen by the checksum of gzip; zstd here has none, and need only not crash.
      raw[at] = static_cast<char>(raw[at] ^ 16);
      const Scratch s;
      put(s.file("f"), raw);
      try {
        ByteSource source(s.file("f"));
        read_all(source, 4096);
        CHECK(raw[0] == '\x28');
      } catch (const Error& e) {
        CHECK(e.kind() == ErrorKind::data);
      }
      raw[at] = static_cast<char>(raw[at] ^ 16);
    }
  }
}

TEST_CASE("every packing: members in a row, threads, truncation") {
  const std::string a = sample(12, 400000), b = sample(13, 10);
  for (const Pack pack : kPackers) {
    const std::string row = pack(a) + pack("") + pack(b) + pack(a);
    for (const size_t piece : {1000, 262144}) CHECK(decoded(row, piece) == a + b + a);
    const Scratch s;
    // Many small members: enough for several chunks; with a large one between them.
    std::string many, text;
    for (uint64_t i = 0; i < 300; ++i) {
      const std::string member = sample(100 + i, i == 200 ? 4500000 : 1000 + i * 7);
      many += pack(member);
      text += member;
    }
    const auto read_with = [&](const std::string& raw, int threads, std::string& out) {
      put(s.file("f"), raw);
      out.clear();
      try {
        ByteSource source(s.file("f"), {threads, true});
        std::string buffer(77777, '\0');
        while (const size_t n = source.read(buffer.data(), buffer.size())) out.append(buffer, 0, n);
        CHECK(source.raw_digest() == FileDigest{raw.size(), sha256_hex(raw)});
        CHECK(source.raw_position() == raw.size());
        return std::string();
      } catch (const Error& e) {
        CHECK(e.kind() == ErrorKind::data);
        return std::string(e.what());
      }
    };
    std::string one, three;
    CHECK(read_with(many, 1, one).empty());
    CHECK(read_with(many, 3, three).empty());
    CHECK((one == text && three == text));
    // Damage and ends anywhere: the same bytes, the same error.
    const Rng rng(14, RngStream::test);
    const uint64_t rounds = pack == gzip || pack == zstd ? 4 : 2;  // the others are slow
    for (uint64_t round = 0; round < rounds; ++round) {
      std::string raw = many;
      const size_t at = rng.below(round, raw.size());
      if (round % 2) {
        raw.resize(at);
      } else {
        raw[at] = static_cast<char>(raw[at] ^ 0x55);
      }
      const std::string error = read_with(raw, 1, one), error_of_three = read_with(raw, 3, three);
      CHECK(error == error_of_three);
      CHECK((one == three));
      CHECK((error.empty() ? round % 2 == 1 || pack == zstd : true));
    }
    // A reader that goes away early.
    put(s.file("f"), many);
    ByteSource source(s.file("f"), {3, true});
    char byte;
    CHECK(source.read(&byte, 1) == 1);
  }
}

TEST_CASE("what comes before the damage does not depend on how it is read") {
  const Scratch s;
  const Rng rng(15, RngStream::test);
  for (const Pack pack : kPackers) {
    for (uint64_t round = 0; round < 12; ++round) {
      std::string raw = pack(sample(16 + round, round % 3 ? 300000 : 3000));
      raw[10 + rng.below(round, raw.size() - 10)] ^= 0x21;
      put(s.file("f"), raw);
      std::string first;
      for (const size_t piece : {300000, 1000, 1}) {
        ByteSource source(s.file("f"), {piece == 1000 ? 2 : 1, false});
        std::string all, buffer(piece, '\0');
        try {
          while (const size_t n = source.read(buffer.data(), piece)) all.append(buffer, 0, n);
        } catch (const Error& e) {
          CHECK(e.kind() == ErrorKind::data);
        }
        if (piece == 300000) first = all;
        CHECK((all == first));
      }
    }
  }
  // Text behind the magic number of zstd: nothing may come of it, or always the same.
  put(s.file("f"),
      "\x28\xb5\x2f\xfdtwo\x0b\n\nTransf\x92r-En\r\n4,y||z,\n(ent-Length: "
      "5\r\n\r\nhello\r\n\r\nWARC/1.0\r\n");
  for (const size_t piece : {100000, 200000, 1}) {
    ByteSource source(s.file("f"));
    std::string all, buffer(piece, '\0');
    CHECK(thrown_by<Error>([&] {
            while (const size_t n = source.read(buffer.data(), piece)) all.append(buffer, 0, n);
          }).kind() == ErrorKind::data);
    CHECK(all.empty());
  }
}

TEST_CASE("bombs stream: memory does not follow what comes out") {
  const Scratch s;
  const std::string zeros(size_t{36} << 20, '\0');
  for (const Pack pack : kPackers) {
    const std::string packed = pack(zeros);
    put(s.file("f"), packed);
    for (const int threads : {1, 2}) {
      ByteSource source(s.file("f"), {threads, false});
      std::string buffer(1 << 20, '\0');
      uint64_t size = 0;
      while (const size_t n = source.read(buffer.data(), buffer.size())) size += n;
      CHECK(size == zeros.size());
    }
    put(s.file("g"), packed);
    ByteSource source(s.file("g"));
    LineReader lines(source, 1 << 20);
    std::string line;
    CHECK(thrown_by<Error>([&] { lines.next(line); }).kind() == ErrorKind::data);
  }
}

TEST_CASE("a zstd header that claims a huge window is refused, not allocated") {
  const std::string raw("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9);  // window descriptor 2^31
  const Error e = refused(raw);
  CHECK(e.kind() == ErrorKind::data);
  CHECK(std::string(e.what()).find("window") != std::string::npos);
}

TEST_CASE("random bytes behind a magic number never crash") {
  const Rng rng(8, RngStream::test);
  for (uint64_t round = 0; round < 300; ++round) {
    std::string raw = round % 2 ? std::string("\x28\xb5\x2f\xfd", 4) : std::string("\x1f\x8b\x08\x00", 4);
    for (uint64_t i = 0, n = rng.below(round, 200); i < n; ++i)
      raw += static_cast<char>(rng.bits(1000 + round * 200 + i));
    const Scratch s;
    put(s.file("f"), raw);
    try {
      ByteSource source(s.file("f"));
      read_all(source, 4096);
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::data);
    }
  }
}

TEST_CASE("stdin, whether pipe or file, is a source too") {
  const int saved = dup(0);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  dup2(ends[0], 0);
  close(ends[0]);
  const std::string text = sample(9, 300000), raw = zstd(text);
  std::thread feeder([&] {
    write_all(ends[1], raw, "pipe");
    close(ends[1]);
  });
  ByteSource source("-");
  CHECK(source.name() == "<stdin>");
  CHECK(source.raw_size() == 0);
  CHECK(thrown_by<Error>([&] { source.raw_digest(); }).kind() == ErrorKind::internal);
  CHECK(read_all(source, 1000) == text);
  CHECK(source.raw_digest().sha256 == sha256_hex(raw));
  feeder.join();
  dup2(saved, 0);
  close(saved);
  const Scratch s;
  CHECK(thrown_by<Error>([&] { ByteSource folder(s.path()); }).kind() == ErrorKind::io);
  CHECK(thrown_by<Error>([&] { ByteSource none(s.file("none")); }).kind() == ErrorKind::io);
}

TEST_CASE("lines: ends, offsets and numbers agree with a plain split") {
  const Rng rng(10, RngStream::test);
  for (uint64_t round = 0; round < 60; ++round) {
    std::string text;
    for (uint64_t i = 0, n = rng.below(round, 40); i < n; ++i) {
      text +=
          std::string(rng.below(round * 100 + i, i % 10 == 9 ? 600000 : 30), static_cast<char>('a' + i % 26));
      if (i + 1 < n || round % 2) text += round % 3 ? "\n" : "\r\n";
    }
    const Scratch s;
    put(s.file("f"), round % 4 ? text : gzip(text));
    ByteSource source(s.file("f"));
    LineReader lines(source);
    std::string line;
    size_t at = 0, number = 0;
    while (lines.next(line)) {
      size_t end = text.find('\n', at);
      if (end == std::string::npos) end = text.size();
      REQUIRE(at < text.size());
      CHECK(line == text.substr(at, end - at));
      CHECK(lines.line_number() == ++number);
      CHECK(lines.byte_offset() == at);
      at = end + 1;
    }
    CHECK(at >= text.size());
    CHECK(!lines.next(line));
    CHECK(source.raw_digest().size == file_size(s.file("f")));
  }
}

TEST_CASE("a line over the limit is a data error that names the line") {
  const Scratch s;
  put(s.file("f"), "short\n" + std::string(1000, 'x') + "\n" + std::string(1001, 'y') + "\n");
  ByteSource source(s.file("f"));
  LineReader lines(source, 1000);
  std::string line;
  CHECK(lines.next(line));
  CHECK(lines.next(line));
  const Error e = thrown_by<Error>([&] { lines.next(line); });
  CHECK(e.kind() == ErrorKind::data);
  CHECK(std::string(e.what()) == s.file("f") + ": line 3 (at byte 1007): longer than 1000 bytes");
}
