// What a byte-level tokenizer needs while it runs, built once from its file: merges ready to run, words by
// bytes, the finder of added tokens. Immutable afterwards, shared by all encoders.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/tokenizer_json.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/compiled.h"
#include "tokenizer/splitter.h"

namespace ds::tokenizer {

// Finds tokens in a text: the leftmost, among those the longest, then the next behind it (what an
// Aho-Corasick automaton in leftmost-longest mode gives). A trie is tried wherever three bytes look like the
// first ones of a token; tokens are short, so this stays linear.
//
// Three bytes look so when a bucket has them all: each token is in one of eight, and `low` and `high` say for
// the halves of the first, second and third byte in which buckets they occur. So 32 places are
// asked at once by shuffles.
class TokenFinder {
 public:
  TokenFinder() = default;
  struct Found {
    size_t begin, end;
    uint32_t index;  // of the token, as numbered by add()
  };
  void add(std::string_view token, uint32_t index);
  bool empty() const { return nodes_.size() <= 1; }
  bool next(std::string_view text, size_t from, Found& found) const;

  struct Buckets {
    std::array<std::array<uint8_t, 16>, 3> low{}, high{};
  };

 private:
  struct Node {
    uint32_t token = UINT32_MAX;
    std::vector<std::pair<uint8_t, uint32_t>> next;
  };
  std::vector<Node> nodes_{Node{}};
  size_t candidate(std::string_view text, size_t from) const;  // the next place where a token may begin

  std::array<bool, 256> first_{};
  Buckets buckets_;
};

// The merges of a model whose tokens are spelled in the byte alphabet; nullptr when they do not fit the fast
// tables (CompiledBpe::make says when) or the model has more rules than merges.
std::shared_ptr<const CompiledBpe> compile_bpe(const formats::TokenizerModel& model);

// What turns text into ids; made from a file, or mapped (compiled_file.h).
struct FastTables {
  std::shared_ptr<const CompiledBpe> bpe;
  Pattern pattern = Pattern::none;
  bool nfc = false;
  uint32_t size = 0;                       // highest id + 1, added tokens included
  std::vector<uint32_t> prefix, suffix;    // what a TemplateProcessing puts round a text
  std::vector<formats::AddedToken> added;  // ascending id

  // Made of `added` by index_added():
  TokenFinder raw, normalized;  // by index, sought before and after normalisation
  TokenFinder any;              // both
  std::vector<bool> special;    // by id
  void index_added();
};

struct Tables : FastTables {
  explicit Tables(
      formats::TokenizerJson json);  // throws data on what is no byte-level BPE with a known split
  // `bpe`: that of this model, if it is there.
  Tables(formats::TokenizerJson json, ByteLevelView view, std::shared_ptr<const CompiledBpe> bpe);
  // nullptr, and `json` as it was, when it is of another kind.
  static std::unique_ptr<const Tables> make_if_byte_level(formats::TokenizerJson& json,
                                                          std::shared_ptr<const CompiledBpe> bpe = nullptr);

  formats::TokenizerJson json;
  ByteLevelView view;
  // The model's vocabulary by bytes; views into view.tokens.
  std::unordered_map<std::string_view, uint32_t> words;
  std::unordered_map<std::string_view, uint32_t> contents;  // added tokens by content
};

// Appends the ids of one word to `out`, by merges alone.
void merge_word(const Tables& t, std::string_view word, std::vector<uint32_t>& out);

}  // namespace ds::tokenizer
