// A tokenizer as a Hugging Face tokenizer.json describes it: text to ids and back, equal to the `tokenizers`
// library (0.23), for every type of the format.
//
// A Tokenizer is immutable and may be shared by threads. encode() is the simple form; an Encoder keeps a
// cache of words and is the fast form, one per thread; encode_full() says where each token comes from. Text
// that is not valid UTF-8 is read with U+FFFD for every maximal invalid part, as the Unicode standard
// recommends (ds-clean's output is always valid).
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

struct FastTables;
struct Tables;         // byte-level BPE made ready to run (tables.h)
class Pipeline;        // every kind of tokenizer (pipeline.h)
struct Encoding;       // encoding.h
struct EncodeOptions;  // pipeline.h
struct PipelineScratch;

class Tokenizer {
 public:
  // Throws io when the file is missing, data when it is damaged or says what is not supported (place named).
  // Large vocabularies are kept compiled in a file beside (compiled_file.h), unless `compiled` is false.
  static Tokenizer load(const std::string& path, bool compiled = true);
  explicit Tokenizer(formats::TokenizerJson model);

  // Ids of `text`. Nothing is added in front or behind, nothing is cut off. With `specials_in_text` false a
  // special token written in the text is text (added tokens that are not special still match, as in the
  // reference's encode_special_tokens).
  std::vector<uint32_t> encode(std::string_view text, bool specials_in_text = true) const;
  // All there is to know of a text, or of a pair of them: what the reference's encode() returns.
  Encoding encode_full(std::string_view text, const EncodeOptions& options) const;
  Encoding encode_full(std::string_view text, std::string_view pair, const EncodeOptions& options) const;
  // The same many times: with the buffers of a thread (pipeline.h).
  Encoding encode_full(std::string_view text, const std::string_view* pair, const EncodeOptions& options,
                       PipelineScratch& scratch) const;
  // The text of `ids`; bytes that are not UTF-8 become U+FFFD. Throws data on an id beyond the vocabulary.
  std::string decode(std::span<const uint32_t> ids, bool skip_special = false) const;

  uint32_t vocab_size() const;  // highest id + 1, added tokens included
  // By its bytes ("<|endoftext|>", " the"); a tokenizer that is not byte-level spells its own way ("▁the").
  std::optional<uint32_t> id_of(std::string_view token) const;
  // What a token adds to a text; empty for ids that no token has.
  std::string_view bytes_of(uint32_t id) const;
  std::string_view spelling(uint32_t id) const;  // as the file has it; empty for ids that no token has
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
  // Byte-level BPE with a published split, which has its own fast path; nullptr for other tokenizers.
  const Tables* byte_level() const;
  const FastTables* fast()
      const;                     // what its encoding needs; does not read the whole file when it is compiled
  const Tables& tables() const;  // throws data for other tokenizers
  const Pipeline& pipeline() const;

 private:
  Tokenizer() = default;
  struct Parts;
  std::shared_ptr<const Parts> parts_;
};

// Encodes with a cache of words (memory bounded at `cache_bytes`; 0 for none). Not thread-safe: one per
// thread. The tokenizer must outlive it only as a value: it shares the tables.
class Encoder {
 public:
  explicit Encoder(const Tokenizer& tokenizer, size_t cache_bytes = size_t{64} << 20);
  Encoder(Encoder&&) noexcept;
  ~Encoder();
  void encode(std::string_view text, std::vector<uint32_t>& out, bool specials_in_text = true);  // appends
  // Many texts, each by itself: appends the ids of all, and to `ends` the size that `out` then has behind
  // each. Short ones (lines, messages) go several times as fast as one by one.
  void encode_many(std::span<const std::string_view> texts, std::vector<uint32_t>& out,
                   std::vector<size_t>& ends, bool specials_in_text = true);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Ids come in one by one, text goes out in whole characters, and what was given is never taken back.
//
// With the ByteLevel decoder at most 3 bytes are held back and the pieces joined equal Tokenizer::decode of
// all ids. Other decoders look at neighbours: there a piece is what the last tokens decode to beyond what
// they decoded to before, as the reference's DecodeStream has it.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special = false);
  std::string push(uint32_t id);  // throws data on an id beyond the vocabulary
  std::string finish();           // what was held back, as U+FFFD

 private:
  std::string push_decoded(uint32_t id);

  Tokenizer tokenizer_;
  bool skip_special_, byte_level_;
  std::string held_;
  // Other decoders: the last ids, what all but the newest of them decode to, and how many those are.
  std::vector<uint32_t> ids_;
  std::string prefix_;
  size_t prefix_ids_ = 0;
};

}  // namespace ds::tokenizer
