#include "tokenizer/tables.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>

#include "base/error.h"
#include "tokenizer/nfc.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ds::tokenizer {
namespace {

// The bytes that a token spelled in the byte alphabet stands for; empty when a character is not of the
// alphabet: no text becomes such a token.
std::string strict_bytes(const std::string& token) {
  std::string bytes = formats::from_byte_alphabet(token);
  if (bytes == token && formats::to_byte_alphabet(bytes) != token) bytes.clear();
  return bytes;
}

}  // namespace

void TokenFinder::add(std::string_view token, uint32_t index) {
  if (token.empty()) return;
  const auto byte_at = [&](size_t i) { return static_cast<uint8_t>(token[i]); };
  first_[byte_at(0)] = true;
  const unsigned bucket = token.size() > 1 ? (byte_at(0) + 3u * byte_at(1)) % 8 : 7;
  const auto bit = static_cast<uint8_t>(1u << bucket);
  for (size_t i = 0; i < 3; ++i) {
    for (unsigned half = 0; half < 16; ++half) {  // behind a token may be anything
      if (i >= token.size() || half == (byte_at(i) & 15u)) buckets_.low[i][half] |= bit;
      if (i >= token.size() || half == byte_at(i) >> 4u) buckets_.high[i][half] |= bit;
    }
  }
  uint32_t node = 0;
  for (const char c : token) {
    const auto byte = static_cast<uint8_t>(c);
    auto& next = nodes_[node].next;
    auto it = std::lower_bound(next.begin(), next.end(), std::pair<uint8_t, uint32_t>{byte, 0});
    if (it == next.end() || it->first != byte) {
      it = next.insert(it, {byte, static_cast<uint32_t>(nodes_.size())});
      node = it->second;
      nodes_.emplace_back();
    } else {
      node = it->second;
    }
  }
  nodes_[node].token = index;
}

#if defined(__x86_64__)
namespace {

[[gnu::target("avx2")]] inline __m256i twice(const uint8_t* p) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
// Of 32 places, those where three bytes look like a token's.
[[gnu::target("avx2")]] inline uint32_t places_avx2(const TokenFinder::Buckets& b, const uint8_t* p) {
  const __m256i half = _mm256_set1_epi8(15);
  __m256i in = _mm256_set1_epi8(-1);
  for (size_t k = 0; k < 3; ++k) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + k));
    const __m256i low = _mm256_shuffle_epi8(twice(b.low[k].data()), _mm256_and_si256(v, half));
    const __m256i high =
        _mm256_shuffle_epi8(twice(b.high[k].data()), _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
    in = _mm256_and_si256(in, _mm256_and_si256(low, high));
  }
  return ~static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(in, _mm256_setzero_si256())));
}

// The first such place of [from, size - 2); size - 2 when there is none. `size` is 34 or more.
[[gnu::target("avx2")]] size_t candidate_avx2(const TokenFinder::Buckets& b, const uint8_t* p, size_t size,
                                              size_t from) {
  for (; from + 34 <= size; from += 32) {
    if (const uint32_t bits = places_avx2(b, p + from)) {
      return from + static_cast<size_t>(std::countr_zero(bits));
    }
  }
  if (from + 2 >= size) return from;
  const size_t last = size - 34;
  const uint32_t bits = places_avx2(b, p + last) >> (from - last);
  return bits ? from + static_cast<size_t>(std::countr_zero(bits)) : size - 2;
}

}  // namespace
#endif

size_t TokenFinder::candidate(std::string_view text, size_t from) const {
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  size_t i = from;
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2");
  if (avx2 && text.size() >= 34) {
    i = candidate_avx2(buckets_, p, text.size(), i);
    if (i + 2 < text.size()) return i;
  }
#endif
  while (i < text.size() && !first_[p[i]]) ++i;
  return i;
}

bool TokenFinder::next(std::string_view text, size_t from, Found& found) const {
  if (empty()) return false;
  for (size_t i = candidate(text, from); i < text.size(); i = candidate(text, i + 1)) {
    uint32_t node = 0;
    bool any = false;
    for (size_t j = i; j < text.size(); ++j) {
      const auto& next = nodes_[node].next;
      const auto byte = static_cast<uint8_t>(text[j]);
      const auto it = std::lower_bound(next.begin(), next.end(), std::pair<uint8_t, uint32_t>{byte, 0});
      if (it == next.end() || it->first != byte) break;
      node = it->second;
      if (nodes_[node].token != UINT32_MAX) {
        found = {i, j + 1, nodes_[node].token};
        any = true;
      }
    }
    if (any) return true;
  }
  return false;
}

std::shared_ptr<const CompiledBpe> compile_bpe(const formats::TokenizerModel& model) {
  const auto some = [](const std::optional<std::string>& s) { return s && !s->empty(); };
  if (model.type != formats::TokenizerModel::Type::bpe || model.dropout.value_or(0) != 0 ||
      some(model.continuing_subword_prefix) || some(model.end_of_word_suffix)) {
    return nullptr;
  }
  std::vector<std::string> tokens(model.tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (id < model.known.size() && model.known[id]) tokens[id] = strict_bytes(model.tokens[id]);
  }
  auto bpe = CompiledBpe::make({tokens, model.merges, model.merged, model.ignore_merges});
  return bpe ? std::make_shared<const CompiledBpe>(std::move(*bpe)) : nullptr;
}

namespace {

ByteLevelView checked_view(const formats::TokenizerJson& json) {
  std::string why;
  auto view = byte_level_view(json, &why);
  if (!view) throw data_error(why, "expected: byte-level BPE as DeepSeek, Llama 3, Qwen and GPT-2 use it");
  return std::move(*view);
}
std::shared_ptr<const CompiledBpe> checked_bpe(const formats::TokenizerModel& model) {
  auto bpe = compile_bpe(model);
  if (!bpe) throw data_error("model: its merges do not make its tokens, or it has too many");
  return bpe;
}

}  // namespace

Tables::Tables(formats::TokenizerJson j) : Tables(j, checked_view(j), checked_bpe(j.model)) {}

std::unique_ptr<const Tables> Tables::make_if_byte_level(formats::TokenizerJson& json,
                                                         std::shared_ptr<const CompiledBpe> bpe) {
  auto view = byte_level_view(json);
  if (!view) return nullptr;
  if (!bpe) bpe = compile_bpe(json.model);
  if (!bpe) return nullptr;
  return std::make_unique<const Tables>(std::move(json), std::move(*view), std::move(bpe));
}

void FastTables::index_added() {
  special.assign(size, false);
  // Of tokens that NFC makes equal the first one counts, and special ones come first.
  std::unordered_set<std::string> taken[2];
  for (const bool specials : {true, false}) {
    for (uint32_t i = 0; i < added.size(); ++i) {
      const formats::AddedToken& a = added[i];
      if (a.special != specials) continue;
      special[a.id] = special[a.id] || a.special;
      const std::string spelling = a.normalized && nfc ? to_nfc(a.content) : a.content;
      if (!taken[a.normalized].insert(spelling).second) continue;
      (a.normalized ? normalized : raw).add(spelling, i);
      any.add(spelling, i);
    }
  }
}

Tables::Tables(formats::TokenizerJson j, ByteLevelView v, std::shared_ptr<const CompiledBpe> b)
    : json(std::move(j)), view(std::move(v)) {
  bpe = std::move(b);
  pattern = view.pattern;
  nfc = view.nfc;
  size = static_cast<uint32_t>(view.tokens.size());
  prefix = view.prefix;
  suffix = view.suffix;
  added = json.added;
  index_added();
  for (const formats::AddedToken& a : added) contents.emplace(a.content, a.id);
  words.reserve(json.model.tokens.size());
  for (uint32_t id = 0; id < json.model.tokens.size(); ++id) {
    if (json.model.known[id]) words.emplace(view.tokens[id], id);
  }
}

void merge_word(const Tables& t, std::string_view word, std::vector<uint32_t>& out) {
  MergeScratch scratch;
  const size_t before = out.size();
  out.resize(before + word.size());
  out.resize(before + merge_word(t.bpe->merges, reinterpret_cast<const uint8_t*>(word.data()), word.size(),
                                 out.data() + before, scratch));
}

}  // namespace ds::tokenizer
