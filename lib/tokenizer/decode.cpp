#include "tokenizer/decode.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/regex.h"

namespace ds::tokenizer {

using Type = formats::Decoder::Type;

struct DecoderSteps::Step {
  formats::Decoder options;
  std::optional<Regex> pattern;
};

namespace {

using Tokens = std::vector<std::string>;
using Step = DecoderSteps::Step;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Every occurrence, left to right; nothing is found between all characters and at both ends.
void replace_all(std::string& s, std::string_view what, std::string_view by) {
  if (what.empty()) {
    std::string out(by);
    for (const char* p = s.data(); p < s.data() + s.size();) {
      const char* const begin = p;
      next_char(p);
      out.append(begin, p);
      out += by;
    }
    s = std::move(out);
    return;
  }
  size_t at = s.find(what);
  if (at == std::string::npos) return;
  std::string out;
  size_t done = 0;
  for (; at != std::string::npos; at = s.find(what, done)) {
    out.append(s, done, at - done);
    out += by;
    done = at + what.size();
  }
  out.append(s, done);
  s = std::move(out);
}

// English put back together, as WordPiece's clean-up does it; transformers leaves "do not" alone.
void clean_up(std::string& s, bool contract) {
  constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  if (s.find(' ') == std::string::npos) return;
  for (const auto& [what, by] : kRules) {
    if (contract || what != " do not") replace_all(s, what, by);
  }
}

Tokens byte_fallback(Tokens tokens) {
  Tokens out;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (is_valid_utf8(bytes)) {
      out.push_back(bytes);
    } else {
      out.insert(out.end(), bytes.size(), std::string(kReplacement));
    }
    bytes.clear();
  };
  for (std::string& token : tokens) {
    if (const int byte = fallback_byte(token); byte >= 0) {
      bytes += static_cast<char>(byte);
      continue;
    }
    flush();
    out.push_back(std::move(token));
  }
  flush();
  return out;
}

// Up to `start` times the character at the start, `stop` times at the end.
void strip(std::string& s, std::string_view c, uint64_t start, uint64_t stop) {
  size_t begin = 0, end = s.size();
  for (; start > 0 && std::string_view(s).substr(begin).starts_with(c); --start) begin += c.size();
  for (; stop > 0 && end > begin && std::string_view(s).substr(begin, end - begin).ends_with(c); --stop)
    end -= c.size();
  s = s.substr(begin, end - begin);
}

void metaspace(Tokens& tokens, const formats::Decoder& d) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const bool drops = i == 0 && d.prepend_scheme != formats::PrependScheme::never;
    replace_all(tokens[i], d.replacement, drops ? "" : " ");
  }
}

void wordpiece(Tokens& tokens, const formats::Decoder& d) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    std::string& token = tokens[i];
    if (i != 0) {
      if (token.starts_with(d.prefix)) {
        token.erase(0, d.prefix.size());
      } else {
        token.insert(0, 1, ' ');
      }
    }
    if (d.cleanup) clean_up(token, true);
  }
}

Tokens ctc(Tokens tokens, const formats::Decoder& d) {
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  Tokens out;
  for (std::string& token : tokens) {
    replace_all(token, d.pad_token, "");
    if (d.cleanup) {
      clean_up(token, true);
      replace_all(token, d.word_delimiter_token, " ");
    }
    if (!token.empty()) out.push_back(std::move(token));
  }
  return out;
}

std::string joined(const Tokens& tokens) {
  std::string out;
  for (const std::string& token : tokens) out += token;
  return out;
}

Tokens apply(const Step& s, Tokens tokens) {
  const formats::Decoder& d = s.options;
  switch (d.type) {
    case Type::sequence:
      return tokens;
    case Type::byte_level: {
      std::string bytes;
      for (const std::string& token : tokens) bytes += byte_level_bytes(token);
      std::string text;
      append_repaired(text, bytes);
      return {text};
    }
    case Type::wordpiece:
      wordpiece(tokens, d);
      return tokens;
    case Type::metaspace:
      metaspace(tokens, d);
      return tokens;
    case Type::byte_fallback:
      return byte_fallback(std::move(tokens));
    case Type::fuse:
      return {joined(tokens)};
    case Type::strip:
      for (std::string& token : tokens) strip(token, d.content, d.start, d.stop);
      return tokens;
    case Type::replace: {
      std::vector<TextRange> found;
      for (std::string& token : tokens) {
        s.pattern->find_all(token, found);
        if (found.empty() || token.empty()) continue;
        std::string out;
        size_t done = 0;
        for (const TextRange& r : found) {
          out.append(token, done, r.begin - done);
          out += d.content;
          done = r.end;
        }
        out.append(token, done);
        token = std::move(out);
      }
      return tokens;
    }
    case Type::bpe:
      for (size_t i = 0; i < tokens.size(); ++i)
        replace_all(tokens[i], d.suffix, i + 1 == tokens.size() ? "" : " ");
      return tokens;
    case Type::ctc:
      return ctc(std::move(tokens), d);
  }
  return tokens;
}

void flatten(const formats::Decoder& d, std::vector<std::shared_ptr<const Step>>& steps) {
  if (d.type == Type::sequence) {
    for (const formats::Decoder& part : d.parts) flatten(part, steps);
    return;
  }
  auto s = std::make_shared<Step>();
  s->options = d;
  if (d.type == Type::replace) {
    s->pattern = Regex::of(d.pattern, "decoder.pattern");
  }
  steps.push_back(std::move(s));
}

}  // namespace

void clean_up_spaces(std::string& text) { clean_up(text, false); }

std::string byte_level_bytes(std::string_view token) {
  std::string bytes;
  for (const char* p = token.data(); p < token.data() + token.size();) {
    const int byte = character_byte(next_char(p));
    if (byte < 0) return std::string(token);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

int fallback_byte(std::string_view t) {
  if (t.size() != 6 || !t.starts_with("<0x") || t[5] != '>') return -1;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
  };
  const int high = t[3] == '+' ? 0 : digit(t[3]);  // the reference reads "+A" as a number, too
  const int low = digit(t[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

DecoderSteps::DecoderSteps(const formats::Decoder& d) : any_(true) { flatten(d, steps_); }

bool DecoderSteps::is_byte_level() const {
  return steps_.size() == 1 && steps_[0]->options.type == Type::byte_level;
}

bool DecoderSteps::joins_bytes() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const auto& s) { return s->options.type == Type::byte_fallback; });
}

std::string DecoderSteps::decode(Tokens tokens) const {
  if (!any_) {
    std::string out;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (i) out += ' ';
      out += tokens[i];
    }
    return out;
  }
  for (const auto& s : steps_) tokens = apply(*s, std::move(tokens));
  return joined(tokens);
}

}  // namespace ds::tokenizer
