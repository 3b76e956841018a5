// See minhash.h.
#include "text/minhash.h"

#include <algorithm>
#include <random>

#include "base/hash.h"
#include "text/normalize.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "text/words.h"

// The signature loop is compiled three times and chosen when the program starts; sanitizers do not go with
// that.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define DS_CLONES __attribute__((target_clones("default", "avx2", "arch=skylake-avx512")))
#else
#define DS_CLONES
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

DS_CLONES void minimise(const uint64_t* hashes, size_t count, const uint64_t* a, const uint64_t* b,
                        uint64_t* slots) {
  for (size_t k = 0; k < count; ++k) {
    const uint64_t h = hashes[k];
    for (int i = 0; i < kSlots; ++i) {
      uint64_t v = a[i] * h + b[i];
      v = (v & kPrime) + (v >> 61);
      v = v >= kPrime ? v - kPrime : v;
      slots[i] = v < slots[i] ? v : slots[i];
    }
  }
}

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
        append_char(out, lower(c));
    }
  }
};

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
    if (c < 0x80 && !folder.in_number && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
      folder.out += static_cast<char>(c | 0x20);
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
  minimise(hashes.data(), hashes.size(), permutations.a, permutations.b, signature.data());
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
