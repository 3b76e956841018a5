// Every kind of tokenizer.json as one general pipeline: added tokens, normalizer, pre-tokenizer, model,
// post-processor, decoder. Equal to the reference library in ids, offsets, masks and decoded text.
//
// encode_ids() is for ids alone: no places are kept (unless ids depend on them) and no piece costs an
// allocation. encode() gives an Encoding. Byte-level BPE with a published split has a faster way to its ids,
// in the Encoder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tokenizer_json.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/decode.h"
#include "tokenizer/encoding.h"
#include "tokenizer/model.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/pre_tokenizer.h"

namespace ds::tokenizer {

struct Trace;  // trace.h

enum class OffsetUnit : uint8_t { bytes, characters };

struct EncodeOptions {
  bool add_special_tokens = true;
  bool specials_in_text = true;  // false: special tokens written in a text are text
  OffsetUnit offsets = OffsetUnit::characters;
  bool tokens = false;  // Encoding::tokens too
  // In place of the file's: absent as in the file, nullptr inside none.
  const formats::Truncation* truncation = nullptr;
  const formats::Padding* padding = nullptr;
  bool file_truncation = true, file_padding = true;  // what the file says counts where nothing is given here
};

// What a thread needs to run a Pipeline; serves that one.
struct PipelineScratch {
  explicit PipelineScratch(size_t cache_bytes = size_t{64} << 20) : model(cache_bytes) {}
  Scratch model;
  Pieces pieces;
  std::string repaired, normal[2];
  std::vector<Piece> tokens;
};

class Pipeline {
 public:
  explicit Pipeline(
      const formats::TokenizerJson& json);  // a copy is not kept: `json` must live on. Throws data

  // Appends ids; nothing is put round the text. Text that is not UTF-8 is repaired first.
  void encode_ids(std::string_view text, std::vector<uint32_t>& out, bool specials_in_text,
                  PipelineScratch& scratch) const;
  // `pair`: nullptr when there is none. Throws data as truncate_pair does.
  Encoding encode(std::string_view text, const std::string_view* pair, const EncodeOptions& options,
                  PipelineScratch& scratch) const;

  // What each stage makes of a text (trace.h); nothing is put round it.
  Trace trace(std::string_view text, bool specials_in_text, PipelineScratch& scratch) const;

  // How a token is spelled: as the model has it, an added token as it is sought. nullptr: no such id.
  const std::string* spelling(uint32_t id) const;
  bool is_special(uint32_t id) const;  // skipped in decoding
  std::string decode(std::span<const uint32_t> ids, bool skip_special) const;
  const DecoderSteps& decoder() const { return decoder_; }

 private:
  void normalize(std::string_view text, bool specials, bool with_places, PipelineScratch& s) const;
  void cut(std::string_view text, bool specials, bool with_places, PipelineScratch& s) const {
    normalize(text, specials, with_places, s);
    pre_tokenizer_.apply(s.pieces);
  }
  Encoding encode_one(std::string_view text, uint32_t type_id, const EncodeOptions& o, bool tokens,
                      PipelineScratch& s) const;

  const formats::TokenizerJson& json_;
  NormalizerSteps normalizer_;
  AddedTokens added_;
  PreTokenizerSteps pre_tokenizer_;
  std::unique_ptr<const Model> model_;
  DecoderSteps decoder_;
  bool needs_places_ = false;
};

}  // namespace ds::tokenizer
