// Pre-tokenisation: cuts a text into the words that BPE works on, exactly as the named regexes would, without
// a regex engine.
//
// Each pattern is a hand-written walker over character classes: one step of look-ahead, linear in the text,
// no recursion. DeepSeek-V3's three successive Splits are one walk: digits and CJK end a piece for the third
// pattern just as the end of the text does. Checked against the reference library in tests/parity and
// testdata/tokenizer/splits.jsonl.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ds::tokenizer {

enum class Pattern { none, gpt2, llama3, qwen2, deepseek_v3 };

struct KnownPattern {
  Pattern pattern;
  const char* name;                 // "deepseek-v3"
  std::vector<std::string> splits;  // the regexes of the Splits
  bool byte_level_regex;            // or ByteLevel's own
};
const std::vector<KnownPattern>& known_patterns();
const KnownPattern* find_pattern(std::string_view name);  // nullptr when unknown

// Appends to `ends` where each word of `text` ends. `text` must be valid UTF-8 and under 4 GiB.
void split(Pattern pattern, std::string_view text, std::vector<uint32_t>& ends);

}  // namespace ds::tokenizer
