// One large text on several threads, with the ids that one thread gives.
//
// The text is cut where encoding provably has no memory: at a safe cut of the splitter (splitter.h), with no
// added token near it, and, when the text is normalised (NFC), before an ASCII character, which composes
// with nothing on its left. So the parts are texts of their own. Tokenizers that are not byte-level BPE, and
// those whose added tokens look at their surroundings (lstrip, rstrip, single_word), are not cut: one thread
// encodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {

// Whether `tokenizer` gives for `text` what it gives for both sides of `pos`; false says nothing. `text` is
// valid UTF-8 and `pos` between characters.
bool encoding_cut(const Tokenizer& tokenizer, std::string_view text, size_t pos);
// The first such place at or behind `from`; the size of the text when none is near.
size_t next_encoding_cut(const Tokenizer& tokenizer, std::string_view text, size_t from);

// The first place at or behind `from` where every text that begins with `text` may be cut, so that it can be
// read bit by bit; nullopt: none is seen.
std::optional<size_t> next_encoding_cut_of_any(const Tokenizer& tokenizer, std::string_view text,
                                               size_t from);

// False: no text of this tokenizer is cut, so one thread encodes all of it.
bool can_encode_in_parts(const Tokenizer& tokenizer);

// Keeps an encoder, with its cache, for every thread.
class ParallelEncoder {
 public:
  ParallelEncoder(const Tokenizer& tokenizer, int threads, size_t cache_bytes = size_t{64} << 20);

  // `sink` gets the ids of the text in order, in stretches, on the calling thread. Throws what it throws.
  void encode(std::string_view text, const std::function<void(std::span<const uint32_t>)>& sink,
              bool specials_in_text = true);

 private:
  Tokenizer tokenizer_;
  int threads_;
  size_t cache_bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Encoder>> idle_;
};

}  // namespace ds::tokenizer
