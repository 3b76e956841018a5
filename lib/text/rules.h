// Which documents are too short, too long or too repetitive. Each rule is a name, a value and a limit; they
// are tried in the table's order and the first that fails is the reason for rejecting.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/repetition.h"
#include "text/words.h"

namespace ds::text {

// 0 turns a limit off.
struct RuleLimits {
  uint64_t min_chars = 1, max_chars = 0;
  uint64_t min_words = 0, max_words = 0;  // tokens but punctuation
  bool repetition = true;
  uint64_t repetition_min_words = 20;  // shorter texts are not tried for repetition
};

struct Rejection {
  std::string rule;
  double value = 0, limit = 0;
  std::string of;  // duplicates: the id of the document that stays
};

// What the rules look at, counted once.
struct Measured {
  explicit Measured(std::string_view normal_text);
  std::string_view text;
  uint64_t chars = 0, words = 0;
  bool spaceless = false;     // most tokens are of a script written without spaces
  std::vector<Token> tokens;  // the first 2^20
};

// The first rule that fails, if any.
std::optional<Rejection> first_failure(const Measured& measured, const RuleLimits& limits);

// The value of a repetition rule by name ("top_2_gram"), for tests and statistics.
double rule_value(const Measured& measured, std::string_view rule);
// Names of all rules in order.
std::vector<std::string> rule_names();

}  // namespace ds::text
