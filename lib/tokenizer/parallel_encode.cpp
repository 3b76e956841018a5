#include "tokenizer/parallel_encode.h"

#include <algorithm>
#include <optional>

#include "base/parallel.h"
#include "base/utf8.h"
#include "tokenizer/tables.h"

namespace ds::tokenizer {
namespace {

constexpr size_t kPart = 512 << 10;   // bytes of text a thread takes at a time
constexpr size_t kSearch = 64 << 10;  // how far behind the wanted place a cut is looked for
constexpr size_t kRound = 16;  // bytes round a cut that no added token touches: what the splitter looks at

bool may_be_cut(const FastTables& t) {
  return std::none_of(t.added.begin(), t.added.end(),
                      [](const formats::AddedToken& a) { return a.lstrip || a.rstrip || a.single_word; });
}

size_t longest_added(const FastTables& t) {
  size_t longest = 0;
  for (const formats::AddedToken& a : t.added) longest = std::max(longest, a.content.size());
  // A normalised token may be longer in the text than in itself; no token is then near enough to matter.
  return t.nfc ? 3 * longest : longest;
}

bool token_near(const FastTables& t, std::string_view text, size_t pos) {
  const size_t longest = longest_added(t);
  const size_t first = pos - std::min(pos, longest + kRound), last = std::min(text.size(), pos + kRound);
  const std::string_view part = text.substr(0, std::min(text.size(), last + longest));
  for (const TokenFinder* finder : {&t.raw, &t.normalized}) {
    TokenFinder::Found f;
    for (size_t from = first; finder->next(part, from, f) && f.begin < last; from = f.begin + 1) {
      if (f.end + kRound > pos) return true;
    }
  }
  return false;
}

}  // namespace

bool encoding_cut(const Tokenizer& tokenizer, std::string_view text, size_t pos) {
  if (pos == 0 || pos >= text.size()) return true;
  const FastTables* t = tokenizer.fast();
  if (!t || !may_be_cut(*t)) return false;
  if (t->nfc && static_cast<uint8_t>(text[pos]) >= 0x80) return false;
  return safe_cut(t->pattern, text, pos) && !token_near(*t, text, pos);
}

size_t next_encoding_cut(const Tokenizer& tokenizer, std::string_view text, size_t from) {
  const FastTables* t = tokenizer.fast();
  if (!t || !may_be_cut(*t)) return text.size();
  const std::string_view near = text.substr(0, from + std::min(kSearch, text.size() - from));
  for (size_t pos = from; pos < near.size(); ++pos) {
    pos = next_safe_cut(t->pattern, near, pos);
    if (pos >= near.size()) break;
    if (encoding_cut(tokenizer, text, pos)) return pos;
  }
  return text.size();
}

std::optional<size_t> next_encoding_cut_of_any(const Tokenizer& tokenizer, std::string_view text,
                                               size_t from) {
  const FastTables* t = tokenizer.fast();
  if (!t || !may_be_cut(*t)) return std::nullopt;
  const size_t round = kRound + longest_added(*t);  // what is looked at behind a cut
  for (size_t pos = from; pos + round <= text.size(); ++pos) {
    pos = next_safe_cut(t->pattern, text, pos);
    if (pos + round > text.size()) break;
    if (encoding_cut(tokenizer, text, pos)) return pos;
  }
  return std::nullopt;
}

bool can_encode_in_parts(const Tokenizer& tokenizer) {
  const FastTables* t = tokenizer.fast();
  return t && may_be_cut(*t);
}

ParallelEncoder::ParallelEncoder(const Tokenizer& tokenizer, int threads, size_t cache_bytes)
    : tokenizer_(tokenizer), threads_(std::max(threads, 1)), cache_bytes_(cache_bytes) {}

void ParallelEncoder::encode(std::string_view text,
                             const std::function<void(std::span<const uint32_t>)>& sink,
                             bool specials_in_text) {
  std::string repaired;
  if (!is_valid_utf8(text)) {
    append_repaired(repaired, text);
    text = repaired;
  }
  struct Part {
    std::string_view text;
    std::vector<uint32_t> ids;
  };
  size_t begin = 0;
  ordered_map<Part>(
      threads_,
      [&]() -> std::optional<Part> {
        if (begin >= text.size()) return std::nullopt;
        size_t end = begin;
        // Where no cut is near the wanted place, the next one is tried.
        do {
          if (text.size() - end <= kPart) {
            end = text.size();
            break;
          }
          end += kPart;
          while ((static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) ++end;
          const size_t cut = next_encoding_cut(tokenizer_, text, end);
          if (cut < text.size()) {
            end = cut;
            break;
          }
        } while (true);
        Part part{text.substr(begin, end - begin), {}};
        begin = end;
        return part;
      },
      [&](Part& part) {
        std::unique_ptr<Encoder> encoder;
        {
          const std::lock_guard lock(mutex_);
          if (!idle_.empty()) {
            encoder = std::move(idle_.back());
            idle_.pop_back();
          }
        }
        if (!encoder) encoder = std::make_unique<Encoder>(tokenizer_, cache_bytes_);
        part.ids.reserve(part.text.size() / 3);
        encoder->encode(part.text, part.ids, specials_in_text);
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(encoder));
      },
      [&](Part& part) { sink(part.ids); });
}

}  // namespace ds::tokenizer
