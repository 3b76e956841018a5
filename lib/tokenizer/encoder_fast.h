// The fast path of the Encoder: the words of byte-level BPE to ids, nothing else asked for.
//
// A text goes through in windows of 16 KiB that stay in the first caches: the splitter's word ends, cuts
// between characters that no token holds side by side (adjacency.h), keys and prefetches 64 words ahead,
// then one compare and one store a word (word_cache.h). Words that this does not find
// are listed; at the end of the window they are looked for everywhere, the rest of them merged, many at a
// time where the processor can, and kept.
//
// What limits it, DeepSeek V4 on an English text: of a pass with a warm cache half is the look-up, some 35
// instructions a word, a third of it waiting for memory as the words in use exceed the second cache; a fifth
// is the splitter, a tenth the checks before (UTF-8, added tokens), which wait for the text. A first pass
// spends half its time on words not seen before: the table of pairs, which a filter stands before, and the
// growing table of words.
//
// Many short texts go as one: laid side by side, a byte between them that no text has, which the cache knows
// as a word with an id of its own; where that comes out, the next text begins.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/compiled.h"
#include "tokenizer/encoder_core.h"
#include "tokenizer/splitter.h"

namespace ds::tokenizer {

class FastEncoder {
 public:
  FastEncoder(std::shared_ptr<const CompiledBpe> bpe, Pattern pattern, size_t cache_bytes);

  // Appends the ids of `text`: valid UTF-8 under 4 GiB, without added tokens, normalised.
  void encode(std::string_view text, std::vector<uint32_t>& out);
  // Several texts at once, as Splitter::several() takes them; the bytes between them are overwritten, and
  // kReadable more can be read behind. Appends the ids of all, and to `ends` the size that `out` then has
  // behind each.
  void encode_several(uint8_t* texts, size_t size, std::span<const uint32_t> text_ends,
                      std::vector<uint32_t>& out, std::vector<size_t>& ends);

 private:
  // Appends the ids of the words of [begin, ends.back()) of `text`.
  void words(std::string_view text, uint32_t begin, std::span<const uint32_t> ends,
             std::vector<uint32_t>& out);
  void block(const uint8_t* text, uint32_t begin, std::span<const uint32_t> ends, bool ascii,
             std::vector<uint32_t>& out);
  void some(const uint8_t* text, uint32_t begin, std::span<const uint32_t> ends, std::vector<uint32_t>& out);
  size_t look_further(const uint8_t* text, uint32_t begin, std::span<const uint32_t> ends, size_t misses);
  size_t rejoin(const uint8_t* text, uint32_t begin, std::span<const uint32_t> words, size_t n);
  uint32_t* one_word(const uint8_t* word, size_t size, uint32_t* out);
  uint32_t* long_word(const uint8_t* word, size_t size, uint32_t* out);
  void keep_long(const uint8_t* word, size_t size, const uint32_t* ids, const uint32_t* end);
  uint32_t* merge(const uint8_t* word, size_t size, uint32_t* out);

  std::shared_ptr<const CompiledBpe> bpe_;
  Pattern pattern_;
  EncoderCore core_;
  WordCache cache_;
  bool caching_;
  Splitter splitter_;
  MergeScratch scratch_;
  std::vector<uint8_t> copy_;
  std::vector<uint32_t> cut_, ids_, marked_;
  // Of the words that one look did not find: where their ids are, in found_ or, given by the merger, in
  // merged_ids_; and the words for the merger (indices into missed_).
  struct Further {
    uint32_t at;
    uint32_t count : 31, merged : 1;
  };
  std::vector<Missed> missed_;
  std::vector<Further> further_;
  std::vector<WordCache::Asked> asked_;
  std::vector<uint32_t> found_, to_merge_, merged_ids_;
  std::vector<const uint8_t*> to_merge_words_;
  std::vector<uint8_t> to_merge_sizes_, merged_counts_;
  uint64_t seen_ = 0;  // bytes of text so far
};

}  // namespace ds::tokenizer
