// SHA-256 by OpenSSL (which picks the processor's SHA instructions), XXH64 and XXH3 by their header, CRC-32C
// by the processor's crc32 instruction or a table.
#include "base/hash.h"

#include <openssl/evp.h>

#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/io.h"

#define XXH_INLINE_ALL
#include <xxhash.h>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace ds {

namespace {

constexpr uint32_t kCastagnoli = 0x82f63b78;  // reflected polynomial

std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c >> 1) ^ (c & 1 ? kCastagnoli : 0);
    table[i] = c;
  }
  return table;
}

uint32_t crc_by_table(const unsigned char* p, size_t n, uint32_t c) {
  static const std::array<uint32_t, 256> table = make_crc_table();
  for (size_t i = 0; i < n; ++i) c = (c >> 8) ^ table[(c ^ p[i]) & 0xff];
  return c;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc_by_instruction(const unsigned char* p, size_t n, uint32_t c) {
  uint64_t wide = c;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  c = static_cast<uint32_t>(wide);
  for (; n > 0; --n, ++p) c = _mm_crc32_u8(c, *p);
  return c;
}
#endif

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1)
    throw internal_error("OpenSSL: cannot start SHA-256");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1)
    throw internal_error("OpenSSL: SHA-256 failed");
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(state_->context, digest, &size) != 1)
    throw internal_error("OpenSSL: SHA-256 failed");
  static const char* digits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i)
    text.append(1, digits[digest[i] >> 4]).append(1, digits[digest[i] & 15]);
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

FileDigest digest_file(const std::string& path) {
  const Fd fd = open_read(path);
  std::vector<char> buffer(size_t{1} << 20);
  Sha256 hash;
  FileDigest digest;
  while (const size_t n = read_some(fd.get(), buffer.data(), buffer.size(), path)) {
    hash.update({buffer.data(), n});
    digest.size += n;
  }
  digest.sha256 = hash.hex();
  return digest;
}

uint64_t xxh64(std::string_view bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

uint64_t xxh3(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::array<uint64_t, 2> xxh3_128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

uint32_t crc32c(std::string_view bytes, uint32_t start) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
#if defined(__x86_64__)
  static const bool fast = __builtin_cpu_supports("sse4.2");
  if (fast) return ~crc_by_instruction(p, bytes.size(), ~start);
#endif
  return ~crc_by_table(p, bytes.size(), ~start);
}

}  // namespace ds
