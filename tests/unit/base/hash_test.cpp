#include "base/hash.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;

TEST_CASE("SHA-256 known answers") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a file's digest is that of its bytes, in any pieces") {
  const test::Scratch s;
  std::string bytes;
  const Rng rng(1, RngStream::test);
  for (uint64_t i = 0; i < 300000; ++i) bytes += static_cast<char>(rng.bits(i));
  write_file(s.file("f"), bytes);
  const FileDigest whole = digest_file(s.file("f"));
  CHECK(whole == FileDigest{bytes.size(), sha256_hex(bytes)});
  Sha256 pieces;
  for (size_t at = 0, n = 1; at < bytes.size(); at += n, n = n * 3 + 1)
    pieces.update(bytes.substr(at, n = std::min(n, bytes.size() - at)));
  CHECK(pieces.hex() == whole.sha256);
  CHECK(test::thrown_by<Error>([&] { digest_file(s.file("none")); }).kind() == ErrorKind::io);
}

TEST_CASE("XXH64 and CRC-32C known answers") {
  CHECK(xxh3("") == 0x2d06800538d394c2);
  CHECK(xxh3_128("") == std::array<uint64_t, 2>{0x6001c324468d497f, 0x99aa06d3014798d8});
  CHECK(xxh64("") == 0xef46db3751d8e999);
  CHECK(xxh64("abc") == 0x44bc2cf5ad770999);
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c("") == 0);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
}

TEST_CASE("CRC-32C continues and agrees with the bitwise definition") {
  const Rng rng(2, RngStream::test);
  for (uint64_t round = 0; round < 200; ++round) {
    std::string bytes;
    for (uint64_t i = 0, n = rng.below(round, 100); i < n; ++i)
      bytes += static_cast<char>(rng.bits(1000 + round * 100 + i));
    uint32_t c = 0xffffffff;
    for (const char b : bytes) {
      c ^= static_cast<unsigned char>(b);
      for (int k = 0; k < 8; ++k) c = (c >> 1) ^ (c & 1 ? 0x82f63b78u : 0u);
    }
    CHECK(crc32c(bytes) == ~c);
    const size_t cut = rng.below(5000 + round, bytes.size() + 1);
    CHECK(crc32c(bytes.substr(cut), crc32c(bytes.substr(0, cut))) == ~c);
  }
}
