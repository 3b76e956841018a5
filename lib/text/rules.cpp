// See rules.h. Limits of the repetition rules: Rae et al. 2021, table A1; for scripts without spaces those of
// FineWeb2 for Chinese where it sets them.
#include "text/rules.h"

#include "base/utf8.h"

namespace ds::text {
namespace {

constexpr size_t kMaxTokens = size_t{1} << 20;

// A measured text with the work that several rules share.
struct Trial {
  const Measured& m;
  std::optional<Segments> lines, paragraphs;
  std::optional<NgramRepetition> grams;

  const Segments& line_segments() {
    if (!lines) lines = duplicate_lines(m.text, m.chars);
    return *lines;
  }
  const Segments& paragraph_segments() {
    if (!paragraphs) paragraphs = duplicate_paragraphs(m.text, m.chars);
    return *paragraphs;
  }
  NgramRepetition& ngrams() {
    if (!grams) grams.emplace(m.text, m.tokens, m.chars, m.spaceless);
    return *grams;
  }
};

struct LengthRule {
  const char* name;
  uint64_t Measured::* value;
  uint64_t RuleLimits::* limit;
  bool is_minimum;
};
constexpr LengthRule kLengthRules[] = {
    {"min_chars", &Measured::chars, &RuleLimits::min_chars, true},
    {"max_chars", &Measured::chars, &RuleLimits::max_chars, false},
    {"min_words", &Measured::words, &RuleLimits::min_words, true},
    {"max_words", &Measured::words, &RuleLimits::max_words, false},
};

struct RepetitionRule {
  const char* name;
  double (*value)(Trial&);
  double limit, spaceless_limit;
};
template <int n>
double top(Trial& t) {
  return t.ngrams().top(n);
}
template <int n>
double dup(Trial& t) {
  return t.ngrams().duplicate(n);
}

constexpr RepetitionRule kRepetitionRules[] = {
    {"dup_para_frac", [](Trial& t) { return t.paragraph_segments().share; }, 0.30, 0.30},
    {"dup_para_char_frac", [](Trial& t) { return t.paragraph_segments().share_chars; }, 0.20, 0.20},
    {"dup_line_frac", [](Trial& t) { return t.line_segments().share; }, 0.30, 0.287},
    {"dup_line_char_frac", [](Trial& t) { return t.line_segments().share_chars; }, 0.20, 0.20},
    {"top_2_gram", top<2>, 0.20, 0.256},
    {"top_3_gram", top<3>, 0.18, 0.201},
    {"top_4_gram", top<4>, 0.16, 0.171},
    {"dup_5_gram", dup<5>, 0.15, 0.198},
    {"dup_6_gram", dup<6>, 0.14, 0.182},
    {"dup_7_gram", dup<7>, 0.13, 0.167},
    {"dup_8_gram", dup<8>, 0.12, 0.154},
    {"dup_9_gram", dup<9>, 0.11, 0.140},
    {"dup_10_gram", dup<10>, 0.10, 0.127},
};

}  // namespace

Measured::Measured(std::string_view normal_text) : text(normal_text), chars(count_chars(normal_text)) {
  tokens.reserve(std::min(kMaxTokens, text.size() / 5 + 16));
  TokenScanner scanner(text);
  Token token;
  uint64_t singles = 0;
  while (scanner.next(token)) {
    words += token.word;
    singles += token.spaceless;
    if (tokens.size() < kMaxTokens) tokens.push_back(token);
  }
  spaceless = singles * 2 > words;
}

std::optional<Rejection> first_failure(const Measured& measured, const RuleLimits& limits) {
  for (const LengthRule& rule : kLengthRules) {
    const uint64_t value = measured.*rule.value, limit = limits.*rule.limit;
    if (limit == 0 || (rule.is_minimum ? value >= limit : value <= limit)) continue;
    return Rejection{rule.name, static_cast<double>(value), static_cast<double>(limit), {}};
  }
  if (!limits.repetition || measured.words < limits.repetition_min_words) return std::nullopt;
  Trial trial{measured, {}, {}, {}};
  for (const RepetitionRule& rule : kRepetitionRules) {
    const double value = rule.value(trial), limit = measured.spaceless ? rule.spaceless_limit : rule.limit;
    if (value > limit) return Rejection{rule.name, value, limit, {}};
  }
  return std::nullopt;
}

double rule_value(const Measured& measured, std::string_view name) {
  Trial trial{measured, {}, {}, {}};
  for (const RepetitionRule& rule : kRepetitionRules) {
    if (name == rule.name) return rule.value(trial);
  }
  return 0;
}

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const LengthRule& rule : kLengthRules) names.emplace_back(rule.name);
  for (const RepetitionRule& rule : kRepetitionRules) names.emplace_back(rule.name);
  return names;
}

}  // namespace ds::text
