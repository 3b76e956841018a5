// Unicode normalisation form C as the reference library's NFC does it (tables of about Unicode 12, probed
// from it).
#pragma once

#include <string>
#include <string_view>

namespace ds::tokenizer {

std::string to_nfc(std::string_view text);  // valid UTF-8 in and out

}  // namespace ds::tokenizer
