// Byte-level BPE made ready to run: one block of memory, the same in a process and in a file that is mapped.
//
// The block holds the table of merges, the ranks of byte pairs, the adjacency tables, and the vocabulary's
// words as a table of the word cache, each where merging its bytes gives that one token (found out by
// merging, never assumed). Making it takes a tenth of a second for 128,000 tokens; mapping it takes a
// millisecond.
//
// Nothing in the file is trusted: it is used only when magic, version, sizes and the hash of the
// tokenizer.json fit, the checksum of its bytes is right, and every number in it that is later used as a
// place or an id is in range, so a file made with bad intent gives wrong ids at worst. It never outlives its
// tokenizer.json: its name says nothing, the hash inside decides. Little-endian only; elsewhere no file is
// read or written.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mmap.h"
#include "tokenizer/adjacency.h"
#include "tokenizer/merge_word.h"
#include "tokenizer/word_cache.h"

namespace ds::tokenizer {

// A byte that no text has. Among the vocabulary's words it is one, with the id WordCache::kMaxId, which no
// token has: so texts one behind the other can be looked up together, and their ids be told apart.
inline constexpr uint8_t kTextMark = 0xFF;

// What it is made from: a byte-level BPE model by bytes.
struct BpeSource {
  std::span<const std::string> tokens;                    // by id: the bytes; "" for ids without a
                                                          // token that text can become
  std::span<const std::pair<uint32_t, uint32_t>> merges;  // best rank first
  std::span<const uint32_t> merged;                       // id of the token that merge i makes
  bool ignore_merges = false;                             // a word that is a token is that token
};

class CompiledBpe {
 public:
  // nullopt when the model is not of the kind: a byte without a token, a merge whose token is not its two
  // parts joined, ids or ranks too large for the tables.
  static std::optional<CompiledBpe> make(const BpeSource& source);

  // 128 bits that name a tokenizer.json and the version of this code.
  struct Key {
    uint64_t a = 0, b = 0, size = 0;
    bool operator==(const Key&) const = default;
  };
  static Key key_of(std::string_view tokenizer_json);
  // `extra` is the caller's: bytes that travel with the tables and come back as they were.
  std::string file_bytes(const Key& key, std::string_view extra = {}) const;
  // nullopt when there is no such file, or it is another tokenizer's, another version's, or damaged. `key`
  // is asked for only when there is a file of the right kind.
  static std::optional<CompiledBpe> open(const std::string& path, const std::function<Key()>& key);
  std::string_view extra() const { return extra_; }

  MergeTables merges;
  Adjacency adjacency;
  const WordLine* seed = nullptr;  // 2^seed_bits lines
  uint32_t seed_bits = 0;
  const uint32_t* seed_filter = nullptr;  // of the words in there
  uint32_t tokens = 0;                    // ids are below

  // With ignore_merges, tokens that merging does not give, as words of their own: the id, or nullopt.
  bool has_whole_words() const { return whole_count_ != 0; }
  bool may_be_whole_word(std::string_view word) const {  // cheap; not for the empty word
    const unsigned i = filter_place(word);
    return whole_filter_[i >> 3] >> (i & 7) & 1;
  }
  std::optional<uint32_t> whole_word(std::string_view word) const;

 private:
  struct Header;
  bool attach(const uint8_t* block, size_t size);

  std::shared_ptr<const void> memory_;
  const uint8_t* block_ = nullptr;
  size_t size_ = 0;
  const uint32_t* whole_ = nullptr;  // triples: where the bytes begin, how many,
                                     // id; ascending by bytes
  uint32_t whole_count_ = 0;
  const char* whole_bytes_ = nullptr;
  static unsigned filter_place(std::string_view word) {  // by the ends and the length
    return (static_cast<uint8_t>(word.front()) * 31u ^ static_cast<uint8_t>(word.back()) * 257u ^
            static_cast<unsigned>(word.size()) * 4099u) &
           0xFFFF;
  }
  std::vector<uint8_t> whole_filter_;
  std::string_view extra_;
};

}  // namespace ds::tokenizer
