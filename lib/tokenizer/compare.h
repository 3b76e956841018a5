// Where the ids of a text first differ from what was expected, and which stage of the tokenizer is to blame.
//
// What is expected comes from a second tokenizer, whose stages can be looked at side by side: the first that
// gives the model other words is the cause, or the model itself. Or it is a list of ids alone, of which less
// can be said: the bytes that they stand for, and whether a tokenizer of these merges could have left them
// so.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {

enum class Stage : uint8_t {
  added_tokens,
  normalizer,
  pre_tokenizer,   // the words differ
  model,           // the same words, other tokens
  post_processor,  // what is put round a text
  text,            // the ids are of another text
  fast_way,        // the Encoder and the pipeline disagree: a bug of ours
};
const char* stage_name(Stage stage);  // "pre-tokenizer"

struct CompareOptions {
  bool specials_in_text = true, add_special_tokens = false;
};

struct Difference {
  size_t token = 0;                       // the first that differs, from 0
  uint64_t byte = 0, character = 0;       // where it is in the text
  uint64_t end = 0;                       // the byte where both are at one again, or the end of the text
  std::string before, at, after;          // the text there, and some of what is round it
  std::vector<uint32_t> expected, found;  // the ids of that stretch
  Stage stage = Stage::model;
  std::string reason;  // one sentence
};

// The ids that are compared.
void append_ids(const Tokenizer& tokenizer, Encoder& encoder, std::string_view text, const CompareOptions& o,
                std::vector<uint32_t>& out);

// Absent: they are equal. Throw what encoding the text throws.
std::optional<Difference> compare(const Tokenizer& found, const Tokenizer& expected, std::string_view text,
                                  const CompareOptions& options = {});
std::optional<Difference> compare(const Tokenizer& found, std::span<const uint32_t> expected,
                                  std::string_view text, const CompareOptions& options = {});

}  // namespace ds::tokenizer
