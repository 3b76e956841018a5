// See minhash.h.
#include "text/minhash.h"

#include <algorithm>
#include <random>

#include "base/hash.h"
#include "base/utf8.h"
#include "text/normalize.h"
#include "text/unicode.h"
#include "text/words.h"

#if defined(__x86_64__) && defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 on its own intrinsics
#include <immintrin.h>
#define DS_MINHASH_AVX512 1
#endif

namespace ds::text {
namespace {

constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;

struct Permutations {
  uint64_t a[kSlots], b[kSlots];
};

// numpy's RandomState(1).randint(low, kPrime, dtype=uint64): two 32-bit draws, high half first, 61 bits kept,
// redrawn when too large.
Permutations draw_permutations() {
  std::mt19937 generator(1);
  const auto draw = [&](uint64_t low) {
    for (;;) {
      const uint64_t high_half = generator();
      const uint64_t value = (high_half << 32 | generator()) & kPrime;
      if (value <= kPrime - 1 - low) return low + value;
    }
  };
  Permutations p;
  for (uint64_t& a : p.a) a = draw(1);
  for (uint64_t& b : p.b) b = draw(0);
  return p;
}

void minimise_portable(const uint64_t* hashes, size_t count, const Permutations& p, uint64_t* slots) {
  for (size_t k = 0; k < count; ++k) {
    for (int i = 0; i < kSlots; ++i) {
      uint64_t v = p.a[i] * hashes[k] + p.b[i];
      v = (v & kPrime) + (v >> 61);
      v = v >= kPrime ? v - kPrime : v;
      slots[i] = v < slots[i] ? v : slots[i];
    }
  }
}

#ifdef DS_MINHASH_AVX512
// Sixteen slots at a time stay in registers while all hashes pass.
__attribute__((target("avx512f,avx512dq"))) void minimise_avx512(const uint64_t* hashes, size_t count,
                                                                 const Permutations& p, uint64_t* slots) {
  const __m512i prime = _mm512_set1_epi64(static_cast<int64_t>(kPrime));
  for (int i = 0; i < kSlots; i += 16) {
    const __m512i a0 = _mm512_loadu_si512(p.a + i), a1 = _mm512_loadu_si512(p.a + i + 8);
    const __m512i b0 = _mm512_loadu_si512(p.b + i), b1 = _mm512_loadu_si512(p.b + i + 8);
    __m512i least0 = _mm512_loadu_si512(slots + i), least1 = _mm512_loadu_si512(slots + i + 8);
    for (size_t k = 0; k < count; ++k) {
      const __m512i h = _mm512_set1_epi64(static_cast<int64_t>(hashes[k]));
      __m512i v0 = _mm512_add_epi64(_mm512_mullo_epi64(a0, h), b0),
              v1 = _mm512_add_epi64(_mm512_mullo_epi64(a1, h), b1);
      v0 = _mm512_add_epi64(_mm512_and_si512(v0, prime), _mm512_srli_epi64(v0, 61));
      v1 = _mm512_add_epi64(_mm512_and_si512(v1, prime), _mm512_srli_epi64(v1, 61));
      v0 = _mm512_min_epu64(
          v0, _mm512_sub_epi64(v0, prime));  // below the prime the difference wraps to a large number
      v1 = _mm512_min_epu64(v1, _mm512_sub_epi64(v1, prime));
      least0 = _mm512_min_epu64(least0, v0);
      least1 = _mm512_min_epu64(least1, v1);
    }
    _mm512_storeu_si512(slots + i, least0);
    _mm512_storeu_si512(slots + i + 8, least1);
  }
}
#endif

// Appends to folded text with at most one space between words and none at the beginning.
struct Folder {
  std::string out;
  bool in_number = false, decimal = false;  // behind digits; and behind their one separator

  void space() {
    if (!out.empty() && out.back() != ' ') out += ' ';
  }
  void put(char32_t c, const char* next, const char* end) {
    const Property& known = property(c);
    if (known.kind == Kind::digit) {
      if (!in_number) out += '0';
      in_number = true;
      return;
    }
    if (in_number && !decimal && (c == '.' || c == ',' || c == 0x66B) && next < end &&
        property(next_char(next)).kind == Kind::digit) {
      decimal = true;
      return;
    }
    in_number = decimal = false;
    switch (known.kind) {
      case Kind::nonspacing:
      case Kind::format:
        return;
      case Kind::space:
      case Kind::control:
      case Kind::punctuation:
      case Kind::symbol:
        space();
        return;
      default:
        append_utf8(out, lower(c));
    }
  }
};

constexpr bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hangul(char32_t c) { return c >= 0xAC00 && c < 0xD7A4; }

}  // namespace

std::string fold(std::string_view text) {
  Folder folder;
  folder.out.reserve(text.size());
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const char* const start = p;
    const char32_t c = next_char(p);
    if (!folder.in_number && is_ascii_letter(*start)) {
      while (p < end && is_ascii_letter(*p)) ++p;
      const size_t from = folder.out.size();
      folder.out.append(start, p);
      for (size_t i = from; i < folder.out.size(); ++i) folder.out[i] |= 0x20;
    } else if (c >= 0xC0 && (property(c).flags & kDecomposes) && !is_hangul(c)) {
      const std::string parts = nfd({start, static_cast<size_t>(p - start)});
      for (const char* q = parts.data(); q < parts.data() + parts.size();) folder.put(next_char(q), p, end);
    } else {
      folder.put(c, p, end);
    }
  }
  if (folder.out.ends_with(' ')) folder.out.pop_back();
  return std::move(folder.out);
}

std::vector<uint64_t> shingles(std::string_view folded) {
  std::vector<uint64_t> hashes;
  hashes.reserve(folded.size() / 5);
  TokenScanner scanner(folded);
  std::array<uint32_t, kShingleWords> begins{};
  Token token;
  for (size_t count = 0; scanner.next(token); ++count) {
    begins[count % kShingleWords] = token.begin;
    if (count + 1 < kShingleWords) continue;
    const uint32_t begin = begins[(count + 1) % kShingleWords];
    hashes.push_back(xxh64(folded.substr(begin, token.begin + token.size - begin)));
  }
  return hashes;
}

Signature empty_signature() {
  Signature s;
  s.fill(kPrime);
  return s;
}

void add_to_signature(const std::vector<uint64_t>& hashes, Signature& signature) {
  static const Permutations permutations = draw_permutations();
#ifdef DS_MINHASH_AVX512
  static const bool wide = __builtin_cpu_supports("avx512dq");
  if (wide) return minimise_avx512(hashes.data(), hashes.size(), permutations, signature.data());
#endif
  minimise_portable(hashes.data(), hashes.size(), permutations, signature.data());
}

Sketch make_sketch(std::vector<uint64_t> hashes) {
  Sketch sketch;
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  while (hashes.size() > Sketch::kMaxSketch) {
    const uint64_t bit = uint64_t{1} << sketch.level++;
    std::erase_if(hashes, [&](uint64_t h) { return (h & bit) != 0; });
  }
  sketch.items.reserve(hashes.size());
  for (const uint64_t h : hashes) {
    const bool survives = (h >> sketch.level & 1) == 0;
    sketch.items.push_back(static_cast<uint32_t>(h >> 33) << 1 | survives);
  }
  sketch.items.erase(std::unique(sketch.items.begin(), sketch.items.end()), sketch.items.end());
  return sketch;
}

double jaccard(const Sketch& a, const Sketch& b) {
  if (a.level > b.level) return jaccard(b, a);
  if (b.level - a.level > 1) return 0;
  const bool halve = a.level < b.level;
  size_t i = 0, j = 0, both = 0, either = 0;
  for (;;) {
    while (halve && i < a.items.size() && !(a.items[i] & 1)) ++i;
    const bool left = i < a.items.size(), right = j < b.items.size();
    if (!left && !right) break;
    ++either;
    const uint32_t x = left ? a.items[i] >> halve : 0, y = right ? b.items[j] >> halve : 0;
    const bool take_left = left && (!right || x <= y), take_right = right && (!left || y <= x);
    both += take_left && take_right;
    i += take_left;
    j += take_right;
  }
  return either ? static_cast<double>(both) / static_cast<double>(either) : 0;
}

}  // namespace ds::text
