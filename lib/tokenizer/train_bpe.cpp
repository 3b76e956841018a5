// BPE and WordPiece training round the merge loop: which letters there are, words as letters, and the model
// that comes out.
//
// Ids as the reference gives them: special tokens in the order given, then the letters by code point, then,
// with a prefix or suffix, the letters' other forms as words show them, then merges. The reference meets
// words in an order that differs from run to run; here it is the order of their bytes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/error.h"
#include "base/utf8.h"
#include "tokenizer/model.h"
#include "tokenizer/train.h"
#include "tokenizer/train_merge.h"

namespace ds::tokenizer {
namespace {

std::string utf8(char32_t c) {
  std::string s;
  append_utf8(s, c);
  return s;
}

char32_t code_point(const std::string& letter) {
  const char* p = letter.data();
  return next_char(p);
}

void add_specials(const TrainOptions& o, TrainVocabulary& v) {
  for (const std::string& s : o.specials) v.add(s);
  if (!o.byte_fallback) return;
  for (int b = 0; b < 256; ++b) v.add(fmt::format("<0x{:02X}>", b));
}

void check_room(const TrainOptions& o, const TrainVocabulary& v) {
  if (v.tokens.size() <= o.vocab_size) return;
  throw usage_error(fmt::format("--vocab-size {} has no room for the {} special tokens and letters",
                                o.vocab_size, v.tokens.size()),
                    o.byte_level ? "the 256 bytes are always there"
                                 : "--limit-alphabet keeps the most frequent characters only");
}

// Words in descending order of their counts.
std::vector<uint32_t> by_count(const WordList& words) {
  if (words.size() >= UINT32_MAX) throw resource_error("more than 4 billion different words");
  std::vector<uint32_t> order(words.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return words.counts[a] > words.counts[b]; });
  return order;
}

TrainCells byte_cells(const WordList& words, TrainVocabulary& v) {
  std::vector<std::pair<char32_t, int>> letters;
  for (int b = 0; b < 256; ++b) {
    letters.emplace_back(code_point(formats::to_byte_alphabet(std::string(1, static_cast<char>(b)))), b);
  }
  std::sort(letters.begin(), letters.end());
  uint32_t id[256];
  for (const auto& [letter, b] : letters) id[b] = v.add(utf8(letter)).first;
  TrainCells cells;
  cells.begin(words.bytes.size(), words.size());
  for (const uint32_t w : by_count(words)) {
    const std::string_view word = words.word(w);
    for (const char c : word) cells.cells.push_back(id[static_cast<uint8_t>(c)]);
    cells.tokens += word.size() * words.counts[w];
    cells.end_word(static_cast<int64_t>(words.counts[w]));
  }
  return cells;
}

// The characters that are kept, by code point.
std::vector<char32_t> alphabet(const WordList& words, const TrainOptions& o) {
  std::map<char32_t, uint64_t> counts;
  std::vector<uint64_t> ascii(128);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words.word(i);
    for (const char *p = word.data(), *end = p + word.size(); p < end;) {
      const char32_t c = next_char(p);
      (c < 128 ? ascii[c] : counts[c]) += words.counts[i];
    }
  }
  for (char32_t c = 0; c < 128; ++c) {
    if (ascii[c] != 0) counts[c] = ascii[c];
  }
  for (const char32_t c : o.initial_alphabet) counts[c] = UINT64_MAX;
  std::vector<std::pair<uint64_t, char32_t>> kept;
  for (const auto& [c, n] : counts) kept.emplace_back(n, c);
  if (o.limit_alphabet && kept.size() > *o.limit_alphabet) {
    std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    kept.resize(*o.limit_alphabet);
  }
  std::vector<char32_t> letters;
  for (const auto& k : kept) letters.push_back(k.second);
  std::sort(letters.begin(), letters.end());
  return letters;
}

// Letters that are not kept are left out of their words, and what stood beside them stands together, as in
// the reference.
TrainCells character_cells(const WordList& words, const TrainOptions& o, TrainVocabulary& v) {
  for (const char32_t c : alphabet(words, o)) v.add(utf8(c));
  const std::string prefix = o.continuing_prefix.value_or(""), suffix = o.end_of_word.value_or("");
  std::unordered_map<uint64_t, uint32_t> forms;  // character and place -> symbol
  const auto symbol = [&](char32_t c, bool first, bool last) {
    const auto [it, is_new] =
        forms.try_emplace(uint64_t{c} << 2 | (first ? 2u : 0u) | (last ? 1u : 0u), UINT32_MAX);
    if (!is_new) return it->second;
    std::string s = utf8(c);
    const auto known = v.ids.find(s);
    if (known == v.ids.end()) return it->second;
    if (!first) s.insert(0, prefix);
    if (last) s += suffix;
    return it->second = v.add(s).first;
  };
  const auto each_symbol = [&](std::string_view word, const auto& use) {
    const char* const begin = word.data();
    const char* const end = begin + word.size();
    for (const char* p = begin; p < end;) {
      const bool first = p == begin;
      const char32_t c = next_char(p);
      const uint32_t id = symbol(c, first, p == end);
      if (id != UINT32_MAX) use(id);
    }
  };
  if (!prefix.empty() || !suffix.empty()) {  // words are sorted: forms get their ids in this order
    for (size_t i = 0; i < words.size(); ++i) each_symbol(words.word(i), [](uint32_t) {});
  }
  TrainCells cells;
  uint64_t size = 0;
  for (size_t i = 0; i < words.size(); ++i) size += count_chars(words.word(i));
  cells.begin(size, words.size());
  for (const uint32_t w : by_count(words)) {
    const size_t before = cells.cells.size();
    each_symbol(words.word(w), [&](uint32_t id) { cells.cells.push_back(id); });
    cells.tokens += (cells.cells.size() - before) * words.counts[w];
    cells.end_word(static_cast<int64_t>(words.counts[w]));
  }
  return cells;
}

MergeOptions merge_options(const WordList& words, const TrainOptions& o) {
  MergeOptions m;
  m.vocab_size = o.vocab_size;
  m.min_frequency = o.min_frequency;
  m.pair_places = o.pair_places;
  m.max_token_length = o.max_token_length.value_or(UINT64_MAX);
  m.continuing_prefix = o.continuing_prefix.value_or("");
  if (o.target_bytes_per_token > 0) {
    m.stop_at_tokens = static_cast<uint64_t>(
        std::floor(static_cast<double>(words.total_bytes()) / o.target_bytes_per_token));
  }
  return m;
}

void add_special_tokens(const TrainOptions& o, const TrainVocabulary& v, formats::TokenizerJson& t) {
  for (const std::string& s : o.specials) {
    const uint32_t id = v.ids.at(s);
    if (!t.added_at(id)) t.added.push_back({.id = id, .content = s});
  }
  std::sort(t.added.begin(), t.added.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

// A pair that was merged twice has the rank of its last merge.
void append_merges(const std::vector<TrainedMerge>& merges, formats::TokenizerModel& model) {
  std::unordered_map<uint64_t, size_t> last;
  const auto key = [](const TrainedMerge& m) { return uint64_t{m.left} << 32 | m.right; };
  for (size_t i = 0; i < merges.size(); ++i) last[key(merges[i])] = i;
  for (size_t i = 0; i < merges.size(); ++i) {
    if (last.at(key(merges[i])) != i) continue;
    model.merges.emplace_back(merges[i].left, merges[i].right);
    model.merged.push_back(merges[i].id);
  }
}

struct Trained {
  TrainVocabulary vocabulary;
  std::vector<TrainedMerge> merges;
};

Trained train(WordList words, const TrainOptions& o, Run& run) {
  Trained t;
  add_specials(o, t.vocabulary);
  if (!o.byte_level && (o.continuing_prefix || o.end_of_word)) words.sort();
  TrainCells cells = o.byte_level ? byte_cells(words, t.vocabulary) : character_cells(words, o, t.vocabulary);
  check_room(o, t.vocabulary);
  const MergeOptions options = merge_options(words, o);
  words = {};  // the cells are all that is needed, and merging needs the room
  t.merges = train_merges(std::move(cells), t.vocabulary, options, run);
  return t;
}

}  // namespace

formats::TokenizerJson train_bpe(WordList words, const TrainOptions& options, formats::TokenizerJson shell,
                                 Run& run) {
  Trained trained = train(std::move(words), options, run);
  formats::TokenizerModel& m = shell.model;
  m = {};
  m.type = formats::TokenizerModel::Type::bpe;
  m.byte_fallback = options.byte_fallback;
  m.continuing_subword_prefix = options.continuing_prefix;
  m.end_of_word_suffix = options.end_of_word;
  append_merges(trained.merges, m);
  add_special_tokens(options, trained.vocabulary, shell);
  m.tokens = std::move(trained.vocabulary.tokens);
  m.known.assign(m.tokens.size(), true);
  return shell;
}

formats::TokenizerJson train_wordpiece(WordList words, const TrainOptions& options,
                                       formats::TokenizerJson shell, Run& run) {
  TrainOptions o = options;
  o.byte_level = o.byte_fallback = false;
  if (!o.continuing_prefix) o.continuing_prefix = "##";
  Trained trained = train(std::move(words), o, run);
  formats::TokenizerModel& m = shell.model;
  m = {};
  m.type = formats::TokenizerModel::Type::wordpiece;
  m.unk_token = o.unk_token;
  m.continuing_subword_prefix = o.continuing_prefix;
  add_special_tokens(o, trained.vocabulary, shell);
  m.tokens = std::move(trained.vocabulary.tokens);
  m.known.assign(m.tokens.size(), true);
  return shell;
}

formats::TokenizerJson continue_bpe(WordList words, const TrainOptions& options, formats::TokenizerJson base,
                                    Run& run) {
  formats::TokenizerModel& m = base.model;
  if (m.type != formats::TokenizerModel::Type::bpe) {
    throw data_error("model.type: found another than BPE; only a BPE vocabulary can be continued");
  }
  // Ids of added tokens are taken, too.
  TrainVocabulary v;
  m.tokens.resize(base.size());
  m.known.resize(base.size(), false);
  for (const formats::AddedToken& a : base.added) {
    if (!m.known[a.id]) m.tokens[a.id] = a.content;
  }
  v.tokens = m.tokens;
  for (uint32_t id = 0; id < v.tokens.size(); ++id) v.ids.emplace(v.tokens[id], id);
  if (!options.byte_level) {
    TrainOptions letters = options;
    letters.initial_alphabet.clear();
    for (const char32_t c : alphabet(words, letters)) {
      if (!v.add(utf8(c)).second) continue;
      m.tokens.push_back(v.tokens.back());
      m.known.push_back(true);
    }
  }
  for (const std::string& s : options.specials) v.add(s);
  check_room(options, v);

  // Words as the tokens that they are so far. Unknown letters and single bytes of letters merge with nothing.
  std::vector<bool> apart(v.tokens.size(), false);
  if (m.unk_token) {
    if (const auto it = v.ids.find(*m.unk_token); it != v.ids.end()) apart[it->second] = true;
  }
  if (m.byte_fallback) {
    for (int b = 0; b < 256; ++b) {
      if (const auto it = v.ids.find(fmt::format("<0x{:02X}>", b)); it != v.ids.end())
        apart[it->second] = true;
    }
  }
  formats::TokenizerModel encoding = m;
  encoding.dropout.reset();
  encoding.ignore_merges = false;  // ids must be what merges make of them
  const auto model = make_model(encoding);
  Scratch scratch(0);
  TrainCells cells;
  uint64_t size = 0;
  for (size_t i = 0; i < words.size(); ++i) size += words.word(i).size();
  cells.begin(size, words.size() + size);
  std::vector<uint32_t> ids;
  for (const uint32_t w : by_count(words)) {
    ids.clear();
    const std::string_view word = words.word(w);
    model->encode_ids(options.byte_level ? formats::to_byte_alphabet(word) : std::string(word), ids, scratch);
    const auto count = static_cast<int64_t>(words.counts[w]);
    for (const uint32_t id : ids) {
      if (apart[id]) {
        cells.end_word(count);
      } else {
        cells.cells.push_back(id);
      }
    }
    cells.tokens += ids.size() * words.counts[w];
    cells.end_word(count);
  }
  MergeOptions o = merge_options(words, options);
  o.continuing_prefix = m.continuing_subword_prefix.value_or("");
  words = {};
  append_merges(train_merges(std::move(cells), v, o, run), m);
  const size_t known = m.tokens.size();
  for (uint32_t id = static_cast<uint32_t>(known); id < v.tokens.size(); ++id) {
    m.tokens.push_back(v.tokens[id]);
    m.known.push_back(true);
  }
  add_special_tokens(options, v, base);
  return base;
}

}  // namespace ds::tokenizer
