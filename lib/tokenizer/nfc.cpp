#include "tokenizer/nfc.h"

#include <bit>

#include "base/utf8.h"
#include "tokenizer/char_streams.h"
#include "tokenizer/normal_form.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ds::tokenizer {

namespace {

// The first character of valid UTF-8 that has one of the flags; `end` when there is none.
//
// Nothing under U+00A0 has any, under U+0300 only compatibility decompositions exist, and U+4000 to U+9FFF is
// free: other first bytes are looked at, 32 bytes at a time.
const char* first_with(const uint8_t* flags, uint8_t wanted, const char* p, const char* end) {
  while (p < end) {
    const char* next = p;
    if (static_cast<unsigned char>(*p) < 0xC0) {
      ++p;
      continue;
    }
    if (flags[next_char(next)] & wanted) return p;
    p = next;
  }
  return end;
}
#if defined(__x86_64__)
[[gnu::target("avx2")]] const char* first_with_avx2(const uint8_t* flags, uint8_t wanted, const char* p,
                                                    const char* end) {
  const __m256i least = _mm256_set1_epi8(static_cast<char>(wanted & kDecomposesCompatibly ? 0xC2 : 0xCC));
  const __m256i ideographs = _mm256_set1_epi8(static_cast<char>(0xE4)), five = _mm256_set1_epi8(5);
  for (; end - p > 36; p += 32) {  // the last character that begins here ends before `end`
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i high = _mm256_cmpeq_epi8(_mm256_max_epu8(v, least), v);
    const __m256i d = _mm256_sub_epi8(v, ideographs);
    const __m256i free = _mm256_cmpeq_epi8(_mm256_min_epu8(d, five), d);
    auto bits = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_andnot_si256(free, high)));
    for (; bits != 0; bits &= bits - 1) {
      const char* at = p + std::countr_zero(bits);
      if (flags[next_char(at)] & wanted) return p + std::countr_zero(bits);
    }
  }
  while (p < end && (*p & 0xC0) == 0x80) ++p;
  return first_with(flags, wanted, p, end);
}
#endif
const char* find_restless(const uint8_t* flags, uint8_t wanted, const char* p, const char* end) {
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2");
  if (avx2) return first_with_avx2(flags, wanted, p, end);
#endif
  return first_with(flags, wanted, p, end);
}

}  // namespace

// A character is at rest when it is composed, begins what it is in, and composes with nothing before it.
// Between two of them nothing can happen, so only what lies round the others is taken apart: from the last
// character at rest before one that is not, to the next that is.
bool compose_text(std::string_view text, bool compatible, std::string& out) {
  const uint8_t* const flags = normal_forms().flags;
  const uint8_t restless = static_cast<uint8_t>(kHasClass | kComposesBack | kNotComposed |
                                                (compatible ? kDecomposesCompatibly : 0));
  const char* p = text.data();
  const char* const end = p + text.size();
  const char* done = p;
  bool any = false;
  TextOut to{out};
  while (p < end) {
    const char* last = find_restless(flags, restless, p, end);
    if (last == end) break;
    if (last > p) {  // to the character at rest before it
      do --last;
      while ((*last & 0xC0) == 0x80);
    }
    any = true;
    out.append(done, last);
    Composer<TextOut> composer(to);
    Decomposer<Composer<TextOut>> decomposer(composer, compatible);
    for (p = last; p < end;) {
      const char* next = p;
      const uint32_t c = next_char(next);
      if (p > last && !(flags[c] & restless)) break;
      decomposer.put(c);
      p = next;
    }
    // The character at rest that stopped it begins anew.
    decomposer.finish();
    composer.finish();
    done = p;
  }
  if (any) out.append(done, end);
  return any;
}

std::string to_nfc(std::string_view text) {
  std::string out;
  return compose_text(text, false, out) ? out : std::string(text);
}

}  // namespace ds::tokenizer
