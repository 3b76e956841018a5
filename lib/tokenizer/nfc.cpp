#include "tokenizer/nfc.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/char_class.h"
#include "tokenizer/nfc_tables.inc"

namespace ds::tokenizer {
namespace {

struct NfcTables {
  std::unordered_map<uint32_t, const uint32_t*> decompositions;  // to the entry `code << 8 | n`
  std::unordered_map<uint64_t, uint32_t> compositions;           // first << 32 | second
  std::unordered_map<uint32_t, uint8_t> combining;
  NfcTables() {
    for (const uint32_t* p = std::begin(detail::kDecompositions); p < std::end(detail::kDecompositions);
         p += 1 + (*p & 0xFF)) {
      decompositions.emplace(*p >> 8, p);
    }
    for (size_t i = 0; i + 2 < std::size(detail::kCompositions); i += 3) {
      const uint32_t* c = detail::kCompositions + i;
      compositions.emplace(uint64_t{c[0]} << 32 | c[1], c[2]);
    }
    for (const uint32_t c : detail::kCombining) combining.emplace(c >> 8, static_cast<uint8_t>(c));
  }
};

const NfcTables& tables() {
  static const NfcTables t;
  return t;
}

constexpr uint32_t kHangul = 0xAC00, kL = 0x1100, kV = 0x1161, kT = 0x11A7;

struct Unit {
  uint32_t code;
  uint8_t combining;
};

void decompose(uint32_t c, std::vector<Unit>& out) {
  if (c < 0xC0) return out.push_back({c, 0});
  if (c >= kHangul && c < kHangul + 11172) {
    const uint32_t s = c - kHangul;
    out.push_back({kL + s / 588, 0});
    out.push_back({kV + s % 588 / 28, 0});
    if (s % 28) out.push_back({kT + s % 28, 0});
    return;
  }
  const auto put = [&](uint32_t x) {
    const auto k = tables().combining.find(x);
    out.push_back({x, k == tables().combining.end() ? uint8_t{0} : k->second});
  };
  const auto it = tables().decompositions.find(c);
  if (it == tables().decompositions.end()) return put(c);
  for (uint32_t i = 1; i <= (*it->second & 0xFF); ++i) put(it->second[i]);
}

uint32_t composed(uint32_t a, uint32_t b) {
  if (a - kL < 19 && b - kV < 21) return kHangul + ((a - kL) * 21 + (b - kV)) * 28;
  if (a - kHangul < 11172 && (a - kHangul) % 28 == 0 && b - kT - 1 < 27) return a + (b - kT);
  const auto it = tables().compositions.find(uint64_t{a} << 32 | b);
  return it == tables().compositions.end() ? 0 : it->second;
}

}  // namespace

std::string to_nfc(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0xCC; })) {
    return std::string(text);  // below U+0300 everything is composed already and combines with nothing
  }
  std::vector<Unit> units;
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  for (const auto* end = p + text.size(); p < end;) {
    const Char c = char_at(p);
    decompose(c.code, units);
    p += c.size;
  }
  for (auto it = units.begin(); it != units.end();) {  // canonical order: stable sort of each run of marks
    if (it->combining == 0) {
      ++it;
      continue;
    }
    auto last = std::find_if(it, units.end(), [](const Unit& u) { return u.combining == 0; });
    std::stable_sort(it, last, [](const Unit& a, const Unit& b) { return a.combining < b.combining; });
    it = last;
  }
  std::string out;
  std::vector<Unit> kept;
  size_t starter = SIZE_MAX;  // in kept
  for (const Unit& u : units) {
    if (starter != SIZE_MAX) {
      const bool adjacent = starter + 1 == kept.size();
      const bool blocked = !adjacent && kept.back().combining >= u.combining;
      if (const uint32_t c = blocked ? 0 : composed(kept[starter].code, u.code)) {
        kept[starter].code = c;
        continue;
      }
    }
    if (u.combining == 0) starter = kept.size();
    kept.push_back(u);
  }
  for (const Unit& u : kept) append_utf8(out, u.code);
  return out;
}

}  // namespace ds::tokenizer
