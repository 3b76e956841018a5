// The programs with AVX-512 VBMI2. Characters of any length are classified within vectors: a row of 64 code
// points (two rows where their addresses allow) is a table in a register, and each such row that occurs in
// the block is applied to all of its characters at once; the large uniform ranges (CJK ideographs, Hangul)
// are compared for. Then the characters' classes are packed together, so that the programs see one bit per
// character whatever its bytes.
#include "tokenizer/split_block.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define DS_SPLIT_AVX512 1
#include <immintrin.h>
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 on its own intrinsics
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")
#endif

namespace ds::tokenizer {

#ifdef DS_SPLIT_AVX512
namespace {

DS_SPLIT_INLINE uint64_t extract(uint64_t x, uint64_t m) { return _pext_u64(x, m); }
DS_SPLIT_INLINE uint64_t deposit(uint64_t x, uint64_t m) { return _pdep_u64(x, m); }

// Constants. They come from memory: made in registers they would take turns at the one port that compares and
// shuffles bytes.
struct Constants {
  alignas(64) uint8_t splat[256][64];
  alignas(64) uint8_t places[64];
  // By the low six bits of a first byte E3 … ED: second bytes between which all characters have one class.
  alignas(64) uint8_t first[64], count[64];

  Constants() {
    for (unsigned b = 0; b < 256; ++b) std::memset(splat[b], static_cast<int>(b), 64);
    for (unsigned i = 0; i < 64; ++i) places[i] = static_cast<uint8_t>(i);
    std::memset(first, 0x80, sizeof first);
    std::memset(count, 0, sizeof count);
    const auto range = [&](unsigned lead, unsigned a, unsigned b) {
      first[lead & 63] = static_cast<uint8_t>(a);
      count[lead & 63] = static_cast<uint8_t>(b - a + 1);
    };
    range(0xE3, 0x90, 0xBF);  // U+3400-3FFF, then U+4E00-9F7F
    range(0xE4, 0xB8, 0xBF);
    for (unsigned lead = 0xE5; lead <= 0xE8; ++lead) range(lead, 0x80, 0xBF);
    range(0xE9, 0x80, 0xBD);
    range(0xEA, 0xB0, 0xBF);  // U+AC00-D77F
    range(0xEB, 0x80, 0xBF);
    range(0xEC, 0x80, 0xBF);
    range(0xED, 0x80, 0x9D);
  }
};
const Constants* constants() {
  static const Constants all;
  const Constants* p = &all;
  __asm__("" : "+r"(p));  // their values are nobody's business
  return p;
}

struct Vectors {
  const Constants* k = constants();
  DS_SPLIT_INLINE __m512i of(uint8_t b) const { return _mm512_load_si512(k->splat[b]); }
  DS_SPLIT_INLINE uint64_t at_least(uint64_t among, __m512i v, uint8_t b) const {
    return _mm512_mask_cmpge_epu8_mask(among, v, of(b));
  }
  DS_SPLIT_INLINE uint64_t equal(uint64_t among, __m512i v, uint8_t b) const {
    return _mm512_mask_cmpeq_epi8_mask(among, v, of(b));
  }
  // The class of 128 code points from `row` on; index: six bits of the last byte and one of the byte before.
  DS_SPLIT_INLINE static __m512i two_rows(const uint8_t* row, __m512i index) {
    return _mm512_permutex2var_epi8(_mm512_loadu_si512(row), index, _mm512_loadu_si512(row + 64));
  }
  DS_SPLIT_INLINE __m512i index_of(__m512i before, __m512i last) const {
    return _mm512_ternarylogic_epi64(of(0x3F), last, _mm512_slli_epi16(before, 6), 0xCA);
  }

  // The bytes from p + k on, of which `left` can be read from p on.
  DS_SPLIT_INLINE static __m512i behind(const uint8_t* p, unsigned left, unsigned k) {
    return _mm512_maskz_loadu_epi8(_bzhi_u64(~uint64_t{0}, left > k ? left - k : 0), p + k);
  }
  // Classes of the characters of two and more bytes, at their first bytes. `uniform`: the classes of the
  // ranges above.
  DS_SPLIT_INLINE __m512i wide_classes(__m512i classes, __m512i v, const uint8_t* p, const uint8_t* table,
                                       const uint8_t* uniform, uint64_t leads, unsigned left) const {
    const __m512i v1 = behind(p, left, 1), v2 = behind(p, left, 2);
    const __m512i even1 = _mm512_and_si512(v1, of(0xFE)), index = index_of(v1, v2);
    const uint64_t from_c0 = at_least(leads, v, 0xC0), from_e0 = at_least(leads, v, 0xE0);
    uint64_t four = at_least(leads, v, 0xF0), two = from_c0 ^ from_e0, three = from_e0 ^ four;
    // What Chinese, Japanese and Korean are made of, with no question asked: the uniform ranges, U+3000-30FF,
    // U+FF00-FF7F, U+2000-207F.
    const __m512i first = _mm512_permutexvar_epi8(v, _mm512_load_si512(k->first));
    const __m512i count = _mm512_permutexvar_epi8(v, _mm512_load_si512(k->count));
    uint64_t same = _mm512_mask_cmplt_epu8_mask(three, _mm512_sub_epi8(v1, first), count);
    classes = _mm512_mask_permutexvar_epi8(classes, same, v, _mm512_load_si512(uniform));
    three ^= same;
    const uint64_t e3 = equal(three, v, 0xE3);
    const uint64_t r3000 = equal(e3, even1, 0x80), r3080 = equal(e3, even1, 0x82);
    const uint64_t rff00 = equal(equal(three, v, 0xEF), even1, 0xBC);
    const uint64_t r2000 = equal(equal(three, v, 0xE2), even1, 0x80);
    classes = _mm512_mask_mov_epi8(classes, r3000, two_rows(table + 0x3000, index));
    classes = _mm512_mask_mov_epi8(classes, r3080, two_rows(table + 0x3080, index));
    classes = _mm512_mask_mov_epi8(classes, rff00, two_rows(table + 0xFF00, index));
    classes = _mm512_mask_mov_epi8(classes, r2000, two_rows(table + 0x2000, index));
    three ^= r3000 | r3080 | rff00 | r2000;
    // The rest two rows at a time, whichever occur.
    while (two) {
      const uint8_t a = p[__builtin_ctzll(two)] & 0xFE;
      same = equal(two, _mm512_and_si512(v, of(0xFE)), a);
      classes = _mm512_mask_mov_epi8(classes, same, two_rows(table + (a & 0x1F) * 64, index_of(v, v1)));
      two ^= same;
    }
    while (__builtin_expect(three != 0, 0)) {
      const auto i = static_cast<unsigned>(__builtin_ctzll(three));
      const uint8_t a = p[i], b = p[i + 1] & 0xFE;
      same = equal(equal(three, v, a), even1, b);
      classes =
          _mm512_mask_mov_epi8(classes, same, two_rows(table + ((a & 15u) << 12 | (b & 63u) << 6), index));
      three ^= same;
    }
    while (__builtin_expect(four != 0, 0)) {
      const auto i = static_cast<unsigned>(__builtin_ctzll(four));
      const uint8_t a = p[i], b = p[i + 1], c = p[i + 2];
      const uint32_t code = (a & 7u) << 18 | (b & 63u) << 12 | (c & 63u) << 6;
      const uint8_t* const row = table + (code < 0x110000 ? code : 0);
      same = equal(equal(equal(four, v, a), v1, b), v2, c);
      classes = _mm512_mask_permutexvar_epi8(classes, same, behind(p, left, 3), _mm512_loadu_si512(row));
      four ^= same;
    }
    return classes;
  }
};

struct Block : Vectors {
  static constexpr bool kWalksWide = false, wide = false;
  alignas(64) uint8_t uniform[64];
  const uint8_t* origin;
  unsigned n;
  bool final;
  uint64_t leads;
  __m512i classes, values;

  explicit Block(const SplitRun& run) {
    std::memset(uniform, run.table[0x4E00], sizeof uniform);
    uniform[0xE3 & 63] = run.table[0x3400];
    std::memset(uniform + (0xEA & 63), run.table[0xAC00], 4);
  }
  // Loads are masked: beside the ends of the text nothing is read, and no copy is needed.
  DS_SPLIT_INLINE void load(const SplitRun& run, uint8_t*) {
    const uint8_t* const p = run.fresh ? run.at - 1 : run.before;
    const auto all = static_cast<size_t>(run.end - p);
    const unsigned left = all < 80 ? static_cast<unsigned>(all) : 80, size = left < 64 ? left : 64;
    origin = p;
    final = left <= 64;
    const uint64_t kept = ~uint64_t{0} >> (64 - size);
    const uint64_t real = run.fresh ? kept & ~uint64_t{1} : kept;
    const __m512i v = _mm512_maskz_loadu_epi8(real, p);
    classes = _mm512_maskz_permutex2var_epi8(real, _mm512_loadu_si512(run.table), v,
                                             _mm512_loadu_si512(run.table + 64));
    if (!_mm512_movepi8_mask(v)) {
      values = v;
      leads = kept;
      n = size;
      return;
    }
    leads = _mm512_cmpge_epi8_mask(v, of(0xC0)) & kept;  // a zero before a text is one
    n = static_cast<unsigned>(__builtin_popcountll(leads));
    classes = _mm512_maskz_compress_epi8(leads, wide_classes(classes, v, p, run.table, uniform, leads, left));
    values = _mm512_maskz_compress_epi8(leads, v);
  }
  DS_SPLIT_INLINE uint64_t has(unsigned mask) const {
    return _mm512_test_epi8_mask(classes, of(static_cast<uint8_t>(mask)));
  }
  DS_SPLIT_INLINE uint64_t byte(char c) const {
    return _mm512_cmpeq_epi8_mask(values, of(static_cast<uint8_t>(c)));
  }
  DS_SPLIT_INLINE uint64_t ascii() const { return ~_mm512_movepi8_mask(values); }
  DS_SPLIT_INLINE uint64_t ascii_letters() const {
    const __m512i folded = _mm512_sub_epi8(_mm512_or_si512(values, of(0x20)), of('a'));
    return _mm512_cmplt_epu8_mask(folded, of(26));
  }
  // What follows the characters of the block.
  const uint8_t* behind(const SplitRun& run) const {
    if (final) return run.end;
    const uint8_t* const p = origin + place(n - 1);
    return p + lead_size(*p);
  }
  DS_SPLIT_INLINE size_t place(unsigned i) const {
    return static_cast<size_t>(__builtin_ctzll(_pdep_u64(uint64_t{1} << i, leads)));
  }
  DS_SPLIT_INLINE static void store(uint32_t* out, __m512i base, __m128i places) {
    _mm512_storeu_si512(out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(places)));
  }
  DS_SPLIT_INLINE void emit(SplitRun& run, uint64_t starts) const {
    starts = _pdep_u64(starts, leads);
    const __m512i places = _mm512_maskz_compress_epi8(starts, _mm512_load_si512(k->places));
    const __m512i base = _mm512_set1_epi32(static_cast<int>(static_cast<uint32_t>(origin - run.begin)));
    uint32_t* const out = run.ends + run.count;
    const auto count = static_cast<uint32_t>(__builtin_popcountll(starts));
    store(out, base, _mm512_castsi512_si128(places));
    store(out + 16, base, _mm512_extracti32x4_epi32(places, 1));
    if (__builtin_expect(count > 32, 0)) {
      store(out + 32, base, _mm512_extracti32x4_epi32(places, 2));
      store(out + 48, base, _mm512_extracti32x4_epi32(places, 3));
    }
    run.count += count;
  }
};

#include "tokenizer/split_programs.h"

}  // namespace

SplitProgram avx512_split_program(Pattern pattern) { return program_of(pattern); }
#pragma GCC pop_options
#else
SplitProgram avx512_split_program(Pattern) { return nullptr; }
#endif

}  // namespace ds::tokenizer
