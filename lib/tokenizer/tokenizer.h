// A byte-level BPE tokenizer as a Hugging Face tokenizer.json describes it: text to ids and back, equal to
// the `tokenizers` library (0.23).
//
// A Tokenizer is immutable and may be shared by threads. encode() is the simple form; an Encoder keeps a
// cache of words and is the fast form, one per thread. Text that is not valid UTF-8 is read with U+FFFD for
// every maximal invalid part, as the Unicode standard recommends (ds-clean's output is always valid).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tokenizer_json.h"

namespace ds::tokenizer {

struct Tables;  // merge ranks, added-token matcher: built once at load (tables.h)

class Tokenizer {
 public:
  // Throws io when the file is missing, data (field named, with what is supported) when it is damaged or of a
  // kind that is not byte-level BPE with a known split.
  static Tokenizer load(const std::string& path);
  explicit Tokenizer(formats::TokenizerJson model);

  // Ids of `text`. Nothing is added in front or behind. With `specials_in_text` false a special token written
  // in the text is text (added tokens that are not special still match, as in the reference's
  // encode_special_tokens).
  std::vector<uint32_t> encode(std::string_view text, bool specials_in_text = true) const;
  // The text of `ids`; bytes that are not UTF-8 become U+FFFD. Throws data on an id beyond the vocabulary.
  std::string decode(std::span<const uint32_t> ids, bool skip_special = false) const;

  uint32_t vocab_size() const;                                  // highest id + 1, added tokens included
  std::optional<uint32_t> id_of(std::string_view token) const;  // by its bytes ("<|endoftext|>", " the")
  std::string_view bytes_of(uint32_t id) const;                 // empty for ids that no token has
  bool is_special(uint32_t id) const;

  // What the file's post-processor puts round a text (BOS, EOS); empty for most. encode() leaves that to the
  // caller.
  const std::vector<uint32_t>& prefix() const;
  const std::vector<uint32_t>& suffix() const;
  // The end-of-text token by its usual names (<|endoftext|>, <|end_of_text|>, <｜end▁of▁sentence｜>, </s>,
  // <eos>, …), if an added token is called so. It closes a document in training data and ends generation.
  std::optional<uint32_t> eos_id() const;
  std::optional<uint32_t> bos_id() const;  // likewise

  const formats::TokenizerJson& model() const;
  const Tables& tables() const { return *tables_; }

 private:
  std::shared_ptr<const Tables> tables_;
};

// Encodes with a cache of words (memory bounded at `cache_bytes`; 0 for none). Not thread-safe: one per
// thread. The tokenizer must outlive it only as a value: it shares the tables.
class Encoder {
 public:
  explicit Encoder(const Tokenizer& tokenizer, size_t cache_bytes = size_t{64} << 20);
  Encoder(Encoder&&) noexcept;
  ~Encoder();
  void encode(std::string_view text, std::vector<uint32_t>& out, bool specials_in_text = true);  // appends

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Ids come in one by one, text goes out in whole characters: at most 3 bytes are held back, and what was
// given is never taken back. The pieces joined equal Tokenizer::decode of all ids.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special = false);
  std::string push(uint32_t id);  // throws data on an id beyond the vocabulary
  std::string finish();           // what was held back, as U+FFFD

 private:
  Tokenizer tokenizer_;
  bool skip_special_;
  std::string held_;
};

}  // namespace ds::tokenizer
