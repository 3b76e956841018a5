// Whether a tokenizer keeps a text: decode(encode(text)) is the text as its normalizer leaves it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/tokenizer.h"

namespace ds::tokenizer {

// Absent when it keeps every text; else what does not: "decoder: not ByteLevel".
std::optional<std::string> why_not_lossless(const formats::TokenizerJson& t);
// What the normalizer makes of a text, added tokens as they are written.
std::string normalized_text(const Tokenizer& tokenizer, std::string_view text, bool specials_in_text);

}  // namespace ds::tokenizer
