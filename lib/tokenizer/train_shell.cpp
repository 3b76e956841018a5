// The parts of a new tokenizer.json round its model, by the name of a pattern.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "tokenizer/train.h"

namespace ds::tokenizer {
namespace {

using formats::Decoder;
using formats::PreTokenizer;

constexpr std::string_view kMetaspace = "metaspace";
// What ByteLevel cuts by, for words of characters.
constexpr const char* kByteLevelRegex =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

PreTokenizer of_type(PreTokenizer::Type type) {
  PreTokenizer p;
  p.type = type;
  return p;
}

PreTokenizer split_by(const std::string& regex) {
  PreTokenizer p = of_type(PreTokenizer::Type::split);
  p.pattern = {regex, true};
  return p;
}

PreTokenizer by_name(std::string_view name) {
  if (name == "BertPreTokenizer") return of_type(PreTokenizer::Type::bert);
  if (name == "WhitespaceSplit") return of_type(PreTokenizer::Type::whitespace_split);
  return of_type(PreTokenizer::Type::whitespace);
}

Decoder of_type(Decoder::Type type) {
  Decoder d;
  d.type = type;
  return d;
}

struct NamedNormalizer {
  const char* name;
  formats::Normalizer::Type type;
  bool lowercase = true;
};
constexpr NamedNormalizer kNormalizers[] = {
    {"nfc", formats::Normalizer::Type::nfc},
    {"nfd", formats::Normalizer::Type::nfd},
    {"nfkc", formats::Normalizer::Type::nfkc},
    {"nfkd", formats::Normalizer::Type::nfkd},
    {"lowercase", formats::Normalizer::Type::lowercase},
    {"strip", formats::Normalizer::Type::strip},
    {"strip-accents", formats::Normalizer::Type::strip_accents},
    {"nmt", formats::Normalizer::Type::nmt},
    {"bert", formats::Normalizer::Type::bert},
    {"bert-cased", formats::Normalizer::Type::bert, false},
};

// The rule of a tokenizer whose pre-tokenizer is one that can be followed without the general steps.
std::optional<TrainShell> fast_shell(const formats::TokenizerJson& t) {
  TrainShell shell;
  shell.byte_level = false;
  shell.tokenizer = t;
  if (!t.pre_tokenizer) return shell;
  std::vector<PreTokenizer> parts{*t.pre_tokenizer};
  if (parts[0].type == PreTokenizer::Type::sequence) {
    const std::vector<PreTokenizer> inner = parts[0].parts;
    parts = inner;
  }
  std::vector<std::string> splits;
  std::string type;
  bool byte_level_regex = false, single_digits = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    const PreTokenizer& p = parts[i];
    using Type = PreTokenizer::Type;
    const bool last = i + 1 == parts.size();
    const bool before_last = i + 2 == parts.size() && parts[i + 1].type == Type::byte_level;
    if (p.type == Type::split && p.pattern.regex && !p.invert &&
        p.behavior == formats::SplitBehavior::isolated && type.empty() && !single_digits) {
      splits.push_back(p.pattern.text);
    } else if (p.type == Type::digits && p.individual_digits && (last || before_last)) {
      single_digits = true;
    } else if (p.type == Type::byte_level && last && !p.add_prefix_space) {
      shell.byte_level = true;
      byte_level_regex = p.use_regex;
    } else if ((last || before_last) && splits.empty() &&
               (p.type == Type::bert || p.type == Type::whitespace || p.type == Type::whitespace_split)) {
      type = p.type == Type::bert         ? "BertPreTokenizer"
             : p.type == Type::whitespace ? "Whitespace"
                                          : "WhitespaceSplit";
    } else if (p.type == Type::metaspace && last && splits.empty() && p.split && p.replacement == "▁" &&
               p.prepend_scheme == formats::PrependScheme::always) {
      shell.rule.metaspace = true;
      return shell;
    } else {
      return std::nullopt;
    }
  }
  const auto find = [&]() { return match_pattern(splits, byte_level_regex, single_digits, type); };
  const KnownPattern* known = find();
  if (known == nullptr && !splits.empty()) {  // digits cut off first
    for (uint32_t n = 1; n <= 9 && known == nullptr; ++n) {
      if (splits[0] != (n == 1 ? "\\p{N}" : fmt::format("\\p{{N}}{{1,{}}}", n))) continue;
      splits.erase(splits.begin());
      shell.rule.digits = n;
      known = find();
      break;
    }
  }
  if (known == nullptr) return std::nullopt;
  shell.rule.pattern = known->pattern;
  shell.rule.drop_space = known->drops_space;
  return shell;
}

}  // namespace

std::vector<std::string> train_normalizers() {
  std::vector<std::string> names;
  for (const NamedNormalizer& n : kNormalizers) names.emplace_back(n.name);
  return names;
}

std::vector<std::string> train_patterns() {
  std::vector<std::string> names;
  for (const KnownPattern& k : known_patterns()) names.emplace_back(k.name);
  names.emplace_back(kMetaspace);
  return names;
}

TrainShell train_shell(const ShellOptions& o) {
  TrainShell shell;
  std::vector<PreTokenizer> parts;
  const bool metaspace = o.pattern == kMetaspace;
  const KnownPattern* known = find_pattern(o.pattern);
  if (known == nullptr && !metaspace) {
    throw usage_error(fmt::format("\"{}\" is no pattern", o.pattern),
                      fmt::format("one of {}", fmt::join(train_patterns(), ", ")));
  }
  const bool whole_words = metaspace || known->type[0] != '\0' || o.algorithm != "bpe";
  shell.byte_level = o.byte_level.value_or(!whole_words);
  if (o.digits != 0) {
    parts.push_back(split_by(o.digits == 1 ? "\\p{N}" : fmt::format("\\p{{N}}{{1,{}}}", o.digits)));
    shell.rule.digits = o.digits;
  }
  if (metaspace) {
    shell.rule.metaspace = true;
    parts.push_back(of_type(PreTokenizer::Type::metaspace));
  } else {
    shell.rule.pattern = known->pattern;
    shell.rule.drop_space = known->drops_space;
    for (const std::string& regex : known->splits) parts.push_back(split_by(regex));
    if (known->single_digits) {
      parts.push_back(of_type(PreTokenizer::Type::digits));
      parts.back().individual_digits = true;
    }
    if (known->type[0] != '\0') parts.push_back(by_name(known->type));
    if (known->byte_level_regex && !shell.byte_level) parts.push_back(split_by(kByteLevelRegex));
  }
  if (shell.byte_level) {
    if (metaspace) throw usage_error("the pattern metaspace has words of characters, not of bytes");
    PreTokenizer bytes = of_type(PreTokenizer::Type::byte_level);
    bytes.add_prefix_space = false;
    bytes.use_regex = known->byte_level_regex;
    parts.push_back(bytes);
  }
  if (parts.size() == 1) {
    shell.tokenizer.pre_tokenizer = parts[0];
  } else if (!parts.empty()) {
    shell.tokenizer.pre_tokenizer = of_type(PreTokenizer::Type::sequence);
    shell.tokenizer.pre_tokenizer->parts = std::move(parts);
  }
  std::vector<formats::Normalizer> normalizers;
  for (const std::string& name : o.normalizers) {
    const auto* n = std::find_if(std::begin(kNormalizers), std::end(kNormalizers),
                                 [&](const auto& k) { return name == k.name; });
    if (n == std::end(kNormalizers)) {
      throw usage_error(fmt::format("\"{}\" is no normalizer", name),
                        fmt::format("one of {}", fmt::join(train_normalizers(), ", ")));
    }
    formats::Normalizer& to = normalizers.emplace_back();
    to.type = n->type;
    to.lowercase = n->lowercase;
  }
  if (normalizers.size() == 1) {
    shell.tokenizer.normalizer = normalizers[0];
  } else if (!normalizers.empty()) {
    shell.tokenizer.normalizer.emplace();
    shell.tokenizer.normalizer->parts = std::move(normalizers);
  }
  if (shell.tokenizer.normalizer) {
    shell.rule.normalizer = std::make_shared<NormalizerSteps>(*shell.tokenizer.normalizer);
  }
  if (o.algorithm == "wordpiece") {
    shell.tokenizer.decoder = of_type(Decoder::Type::wordpiece);
  } else if (metaspace) {
    shell.tokenizer.decoder = of_type(Decoder::Type::metaspace);
    if (o.byte_fallback) {
      Decoder both = of_type(Decoder::Type::sequence);
      both.parts = {of_type(Decoder::Type::byte_fallback), *shell.tokenizer.decoder};
      shell.tokenizer.decoder = both;
    }
  } else if (shell.byte_level) {
    shell.tokenizer.decoder = of_type(Decoder::Type::byte_level);
  } else if (known->type[0] == '\0' && !known->drops_space) {  // words hold all of the text
    shell.tokenizer.decoder = of_type(o.byte_fallback ? Decoder::Type::byte_fallback : Decoder::Type::fuse);
  }
  return shell;
}

TrainShell shell_of(const formats::TokenizerJson& t) {
  TrainShell shell;
  if (auto fast = fast_shell(t)) {
    shell = std::move(*fast);
  } else {  // words come in the byte alphabet, if the tokenizer has one
    shell.byte_level = false;
    shell.tokenizer = t;
    shell.rule.steps = std::make_shared<PreTokenizerSteps>(*t.pre_tokenizer);
  }
  if (t.normalizer) shell.rule.normalizer = std::make_shared<NormalizerSteps>(*t.normalizer);
  return shell;
}

}  // namespace ds::tokenizer
