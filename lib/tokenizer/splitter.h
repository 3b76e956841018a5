// Pre-tokenisation: cuts a text into the words that a model works on, exactly as the published regexes would,
// without a regex engine.
//
// Words tile the text: a split is the list of the offsets where words end, the last of them the text's size.
// Patterns that remove white space (drops_space) have it as words too; those that begin with White_Space are
// no words and the caller passes over them (begins_with_space).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ds::tokenizer {

enum class Pattern {
  none,
  gpt2,
  cl100k,          // as tiktoken means it
  cl100k_literal,  // as tiktoken writes it: Oniguruma reads \p{N}{1,3}+ as any number of them
  llama3,
  qwen2,  // 2, 2.5, 3
  qwen35,
  o200k,
  tekken,
  deepseek_v3,     // V3, R1, V3.1, V3.2, V4
  deepseek_llm,    // LLM, MoE, V2
  deepseek_coder,  // Coder v1
  bert,
  whitespace,
  whitespace_split,
};

// What a tokenizer.json says when it means a pattern: these Splits (regexes, Isolated, in order), then
// Digits(individual_digits) if asked; or one pre-tokenizer by its type. ByteLevel without its regex may
// follow.
struct KnownPattern {
  Pattern pattern;
  const char* name;                 // "deepseek-v3"
  std::vector<std::string> splits;  // the regexes of the Splits
  bool byte_level_regex = false;    // or ByteLevel's own
  bool single_digits = false;       // Digits(individual_digits = true) comes after the Splits
  const char* type = "";            // or the pre-tokenizer that does it all: "BertPreTokenizer"
  bool drops_space = false;         // words that begin with white space are none
};
const std::vector<KnownPattern>& known_patterns();
const KnownPattern* find_pattern(std::string_view name);  // nullptr when unknown
// The pattern that these pre-tokenizers in a row are; nullptr when it is none of the published ones.
const KnownPattern* match_pattern(const std::vector<std::string>& splits, bool byte_level_regex,
                                  bool single_digits = false, std::string_view type = "");

bool begins_with_space(std::string_view word);  // with a character of White_Space (which is what \s matches)

// Appends to `ends` where each word of `text` ends. `text` must be valid UTF-8 and under 4 GiB.
void split(Pattern pattern, std::string_view text, std::vector<uint32_t>& ends);

// The same a window at a time, so that words are used while they are in the cache:
//
//   Splitter s;
//   s.start(pattern, text);
//   for (auto ends = s.next(); !ends.empty(); ends = s.next()) …
//
// The state crosses windows; together they give what split() gives. The text stays the caller's and must
// outlive the use; the list is the splitter's, valid until the next call. A Splitter may be started again.
class Splitter {
 public:
  static constexpr size_t kWindow = 16384;  // bytes of text a call looks at; a longer word takes several

  Splitter();
  ~Splitter();
  Splitter(Splitter&&) noexcept;
  Splitter& operator=(Splitter&&) noexcept;

  void start(Pattern pattern, std::string_view text);  // throws data when the text has 4 GiB or more
  std::span<const uint32_t> next();                    // offsets from the start of the text; empty at the end

  // Several short texts at once: each is followed by a byte that is none of its own, whose place is in
  // `text_ends`, ascending; together they have kWindow bytes at most. Where the words end, and behind each
  // text its byte, as if that were a word.
  std::span<const uint32_t> several(Pattern pattern, std::string_view texts,
                                    std::span<const uint32_t> text_ends);

  struct State;  // splitter.cpp

 private:
  std::unique_ptr<State> state_;
};

// Whether split(text) is split(text[0, pos)) followed by split(text[pos, end)), shown by the characters round
// `pos` alone (so false says nothing). `pos` must be between characters; 0 and the size are safe.
//
// Why it holds: every pattern decides about a character by what is before it in its word and by what follows
// it. A safe cut is between two characters where (1) a word ends whatever came before, (2) no alternative
// that matches on the left looks at what follows except to see that its run is over, which the end of a text
// says as well, and (3) the right begins as a text does: what could have joined it from the left (a space, a
// symbol, a run of its own class) is not there. By pattern:
//   deepseek-v3        where a number or a CJK run begins or ends (the first two Splits make pieces that the
//                      third sees alone), and a letter before white space
//   gpt2 … tekken      a letter before white space or before a symbol but the apostrophe (marks are neither:
//                      some patterns join them to symbols)
//   deepseek-llm/coder beside a line break; behind a letter of the second Split before ASCII that is no
//   letter bert, whitespace   beside white space
bool safe_cut(Pattern pattern, std::string_view text, size_t pos);
// The first safe cut at or behind `from`; the size of the text when there is none.
size_t next_safe_cut(Pattern pattern, std::string_view text, size_t from);

}  // namespace ds::tokenizer
