// Hashes: SHA-256 (OpenSSL) for provenance, XXH64 for tables and dedup, XXH3 for files that are read at every
// start, CRC-32C for TensorBoard records.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ds {

struct FileDigest {
  uint64_t size = 0;
  std::string sha256;  // 64 lower-case hex digits
  bool operator==(const FileDigest&) const = default;
};

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view bytes);
  std::string hex();  // finishes; call once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);
FileDigest digest_file(const std::string& path);  // throws io

uint64_t xxh64(std::string_view bytes, uint64_t seed = 0);
// XXH3, several times as fast: of many megabytes that are checked whenever a tool starts.
uint64_t xxh3(std::string_view bytes);
std::array<uint64_t, 2> xxh3_128(std::string_view bytes);
uint32_t crc32c(std::string_view bytes, uint32_t start = 0);

}  // namespace ds
