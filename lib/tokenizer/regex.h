// Regular expressions of tokenizer.json, found as the engine of the reference library (Oniguruma) finds them:
// the leftmost match, of alternatives the first that fits, in its dialect and its Unicode version (16.0).
//
// A backtracking matcher on an explicit stack, so depth costs no call stack. It is linear in the text: what
// has failed at a place is remembered and never tried again. Patterns that cannot be remembered so (a repeat
// of something that may be empty) have a budget of steps instead. Both limits are data errors, never a hang.
// References to groups, \G, \K, \X and the absence operator are refused by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tokenizer_json.h"
#include "tokenizer/aligned_text.h"

namespace ds::tokenizer {

class Regex {
 public:
  explicit Regex(std::string_view pattern);  // throws data: the place and what is wrong or not supported
  // A pattern that is the text itself.
  static Regex literal(std::string_view text);
  // Either, as a part of a tokenizer.json has it; `part` names it in messages.
  static Regex of(const formats::TextPattern& pattern, const char* part);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // All matches in `text` (valid UTF-8, under 4 GiB), left to right, none overlapping; an empty match right
  // behind the last one does not count. Any thread. Throws data when the text needs too many steps or too
  // much memory.
  void find_all(std::string_view text, std::vector<TextRange>& out) const;
  bool may_match_empty() const;

 private:
  struct Program;
  Regex();
  std::unique_ptr<const Program> program_;
  std::string literal_;  // when there is no program
};

}  // namespace ds::tokenizer
