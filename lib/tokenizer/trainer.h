// Byte-level BPE training, equal to the Hugging Face BpeTrainer (0.23) merge by merge and id by id.
//
// Counting words is parallel: every thread has its own WordCounts, and adding them up does not depend on the
// order. The merge loop runs on one thread over unique words only, so results are the same for any number of
// threads. Counts are 64-bit (the reference's are 32-bit and overflow on large corpora).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/run.h"
#include "formats/tokenizer_json.h"
#include "tokenizer/splitter.h"
#include "tokenizer/word_key.h"

namespace ds::tokenizer {

// How often each word occurs: open addressing; a short word is its own key, so counting it touches one cache
// line.
class WordCounts {
 public:
  void add(std::string_view word, uint64_t count = 1);
  void add(const WordCounts& other);
  // Splits `text` (U+FFFD for what is not UTF-8) and counts its words.
  void add_text(Pattern pattern, std::string_view text);
  size_t size() const { return used_; }
  std::vector<std::pair<std::string_view, uint64_t>> sorted() const;  // by bytes; views into this

 private:
  struct Slot {
    uint64_t a = 0, b = 0;  // the word's key: the word itself when it is short
    uint64_t count = 0;     // 0: empty
    uint64_t begin = 0;     // in arena_: its length as 4 bytes, then its bytes
  };
  void grow();
  void add(std::string_view word, const WordKey& key, uint64_t count);
  std::string_view word(const Slot& s) const;

  std::vector<Slot> slots_;
  std::vector<char> arena_;
  size_t used_ = 0;
  std::vector<uint32_t> ends_;
  std::string repaired_;
};

struct TrainOptions {
  uint32_t vocab_size = 8000;         // special tokens and the 256 bytes included
  uint64_t min_frequency = 0;         // a pair that occurs less often is not merged
  std::vector<std::string> specials;  // they get the first ids
  Pattern pattern = Pattern::deepseek_v3;
};

// Throws usage when vocab_size has no room for the bytes and specials. A corpus with few words gives fewer
// entries than asked. When `run.stop` is requested the tokenizer so far is not returned: the caller must look
// at the token.
formats::TokenizerJson train_bpe(const WordCounts& counts, const TrainOptions& options, Run& run);

}  // namespace ds::tokenizer
