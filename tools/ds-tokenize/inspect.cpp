// ds-tokenize inspect: what a tokenizer is, its tokens by id and by spelling, and what becomes of a text.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/shown.h"
#include "formats/tokenizer_json_parts.h"
#include "tokenizer/convert.h"
#include "tokenizer/decode.h"
#include "tokenizer/survey.h"
#include "tokenizer/trace.h"

namespace ds::tokenize {
namespace {

using nlohmann::ordered_json;
using tokenizer::Tokenizer;

struct InspectCommand {
  std::string input, ids, text;
  std::vector<std::string> pieces;
  bool list = false;
  int64_t limit = 10;
};

void declare(cli::OptionTable& t, InspectCommand& o) {
  t.positional("TOKENIZER", o.input, "tokenizer.json, or what convert reads").required();
  t.group("Instead of an overview");
  t.flag("--list", o.list, "every id with its piece, flags and text");
  t.add("--ids", o.ids, "LIST", "of these ids alone: 5,7-9");
  t.add("--piece", o.pieces, "PIECE",
        "the id of this piece, by its bytes or as the file spells it; repeat for more");
  t.add("--text", o.text, "TEXT", "the tokens of this text, with their places in bytes and characters");
  t.group("Overview");
  t.add("--limit", o.limit, "N", "tokens of each kind; 0: all").range(0, 1e9);
  t.check([&o] {
    if (o.list + !o.ids.empty() + !o.pieces.empty() + !o.text.empty() > 1)
      throw usage_error("--list, --ids, --piece and --text: give one of them");
  });
}

// --- Tokens -----------------------------------------------------------------------------------------------

std::string flags_of(const Tokenizer& t, uint32_t id) {
  const formats::TokenizerModel& m = t.model().model;
  const formats::AddedToken* const a = t.model().added_at(id);
  const bool byte_level = t.model().decoder && t.model().decoder->type == formats::Decoder::Type::byte_level;
  const bool byte = !a && (byte_level ? t.bytes_of(id).size() == 1
                                      : m.byte_fallback && tokenizer::fallback_byte(t.spelling(id)) >= 0);
  const std::pair<bool, const char*> flags[] = {
      {t.spelling(id).empty(), "no token"},
      {a && a->special, "special"},
      {a && !a->special, "added"},
      {byte, "byte"},
      {m.unk_id == id || (m.unk_token && t.spelling(id) == *m.unk_token), "unknown"},
      {t.bos_id() == id, "bos"},
      {t.eos_id() == id, "eos"}};
  std::string out;
  for (const auto& [on, name] : flags) {
    if (on) out += (out.empty() ? "" : ",") + std::string(name);
  }
  return out;
}

ordered_json token_json(const Tokenizer& t, uint32_t id) {
  return {{"id", id},
          {"piece", valid_text(t.spelling(id))},
          {"flags", flags_of(t, id)},
          {"text", valid_text(t.bytes_of(id))}};
}

std::string token_line(const Tokenizer& t, uint32_t id) {
  return fmt::format("{}\t{}\t{}\t{}\n", id, shown(t.spelling(id)), flags_of(t, id), shown(t.bytes_of(id)));
}

// "5,7-9" in order. Throws usage.
std::vector<uint32_t> parse_list(const std::string& list, uint32_t size) {
  std::vector<uint32_t> out;
  const auto number = [&](std::string_view s) {
    uint32_t n = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
    if (error != std::errc() || end != s.data() + s.size())
      throw usage_error(fmt::format("--ids {}: found \"{}\", expected ids and ranges: 5,7-9", list, s));
    if (n >= size)
      throw usage_error(fmt::format("--ids {}: {} is not in the vocabulary (0 to {})", list, n, size - 1));
    return n;
  };
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    const std::string_view part = std::string_view(list).substr(at, end - at);
    const size_t dash = part.find('-');
    const uint32_t first = number(part.substr(0, dash)),
                   last = dash == part.npos ? first : number(part.substr(dash + 1));
    for (uint64_t id = first; id <= last; ++id) out.push_back(static_cast<uint32_t>(id));
    at = end + 1;
  }
  return out;
}

std::optional<uint32_t> id_of(const Tokenizer& t, const std::string& piece) {
  if (const auto id = t.id_of(piece)) return id;
  for (uint32_t id = 0; id < t.vocab_size(); ++id) {
    if (t.spelling(id) == piece) return id;
  }
  return std::nullopt;
}

// --- A text -----------------------------------------------------------------------------------------------

void text_report(const Tokenizer& t, const std::string& text, std::string& out, ordered_json& report) {
  const tokenizer::Trace trace = tokenizer::trace(t, text);
  // Characters before each byte.
  std::vector<uint64_t> before(trace.text.size() + 1, 0);
  for (size_t i = 0; i < trace.text.size(); ++i)
    before[i + 1] = before[i] + ((static_cast<unsigned char>(trace.text[i]) & 0xC0) != 0x80);
  out = "id\tpiece\tbytes\tcharacters\tword\ttext\n";
  report["tokens"] = ordered_json::array();
  for (const tokenizer::TraceToken& token : trace.tokens) {
    const std::string part =
        valid_text(std::string_view(trace.text).substr(token.begin, token.end - token.begin));
    const uint64_t first = before[token.begin], last = before[token.end];
    out += fmt::format("{}\t{}\t{}-{}\t{}-{}\t{}\t{}\n", token.id, shown(t.spelling(token.id)), token.begin,
                       token.end, first, last, token.word, shown(part));
    ordered_json j = token_json(t, token.id);
    j["bytes"] = {token.begin, token.end};
    j["characters"] = {first, last};
    j["word"] = token.word;
    j["text"] = part;
    report["tokens"].push_back(std::move(j));
  }
}

// --- The overview -----------------------------------------------------------------------------------------

template <class Part, size_t N>
std::string named(const Part& p, const char* const (&names)[N]) {
  std::string out = names[static_cast<size_t>(p.type)];
  if (p.parts.empty()) return out;
  out += "(";
  for (size_t i = 0; i < p.parts.size(); ++i) out += (i ? ", " : "") + named(p.parts[i], names);
  return out + ")";
}
template <class Part, size_t N>
std::string named(const std::optional<Part>& p, const char* const (&names)[N]) {
  return p ? named(*p, names) : "none";
}

ordered_json some(const Tokenizer& t, const std::vector<uint32_t>& ids, int64_t limit) {
  ordered_json j = {{"count", ids.size()}, {"tokens", ordered_json::array()}};
  for (size_t i = 0; i < ids.size() && (limit == 0 || i < static_cast<size_t>(limit)); ++i)
    j["tokens"].push_back({{"id", ids[i]},
                           {"piece", valid_text(t.spelling(ids[i]))},
                           {"text", valid_text(t.bytes_of(ids[i]))}});
  return j;
}

ordered_json overview(const Tokenizer& t, const std::string& kind, int64_t limit) {
  constexpr const char* kModels[] = {"BPE", "Unigram", "WordPiece", "WordLevel"};
  const formats::TokenizerJson& json = t.model();
  const tokenizer::Survey s = tokenizer::survey(t);
  std::vector<uint32_t> special, added;
  for (const formats::AddedToken& a : json.added) (a.special ? special : added).push_back(a.id);
  const auto id_or_none = [](std::optional<uint32_t> id) { return id ? ordered_json(*id) : ordered_json(); };
  ordered_json j;
  j["format"] = kind;
  j["model"] = kModels[static_cast<size_t>(json.model.type)];
  j["vocab_size"] = t.vocab_size();
  j["ids_without_token"] = s.holes;
  j["merges"] = json.model.merges.size();
  j["byte_fallback"] = json.model.byte_fallback;
  j["normalizer"] = named(json.normalizer, formats::kNormalizerTypes);
  j["pre_tokenizer"] = named(json.pre_tokenizer, formats::kPreTokenizerTypes);
  j["post_processor"] = named(json.post_processor, formats::kPostProcessorTypes);
  j["decoder"] = named(json.decoder, formats::kDecoderTypes);
  j["pattern"] = s.pattern.empty() ? ordered_json() : ordered_json(s.pattern);
  j["way"] = s.why_general.empty() ? "fast" : "general: " + s.why_general;
  j["keeps_text"] = s.why_not_lossless ? "no: " + *s.why_not_lossless : "yes";
  j["bytes_covered"] = s.bytes_covered ? ordered_json(*s.bytes_covered) : ordered_json();
  j["bos"] = id_or_none(t.bos_id());
  j["eos"] = id_or_none(t.eos_id());
  j["before_text"] = t.prefix();
  j["behind_text"] = t.suffix();
  j["special_tokens"] = some(t, special, limit);
  j["added_tokens"] = some(t, added, limit);
  j["longest"] = some(t, s.longest, limit);
  j["unreachable"] = some(t, s.unreachable, limit);
  if (!s.why_not_lossless) j["glitch_candidates"] = some(t, s.glitch_candidates, limit);
  j["duplicates"] = {{"count", s.duplicates.size()}, {"ids", ordered_json::array()}};
  for (const auto& ids : s.duplicates) {
    if (limit == 0 || j["duplicates"]["ids"].size() < static_cast<size_t>(limit))
      j["duplicates"]["ids"].push_back(ids);
  }
  return j;
}

std::string overview_text(const ordered_json& report) {
  std::string out;
  for (const auto& [key, value] : report.items()) {
    std::string line = key + "\t";
    if (value.is_string()) {
      line += value.get<std::string>();
    } else if (value.is_object()) {
      line += value["count"].dump();
      for (const auto& token : value.value("tokens", ordered_json::array()))
        line += fmt::format("\t{}:{}", token["id"].get<uint32_t>(), shown(token["text"].get<std::string>()));
      for (const auto& ids : value.value("ids", ordered_json::array())) line += "\t" + ids.dump();
    } else {
      line += value.is_null() ? "none" : value.dump();
    }
    out += line + "\n";
  }
  return out;
}

int run(cli::Context& ctx, const InspectCommand& o) {
  tokenizer::Converted opened = tokenizer::convert_tokenizer(o.input);
  const Tokenizer t(std::move(opened.json));
  std::string out;
  ordered_json report;
  bool complete = true;
  const auto put = [&](uint32_t id) {
    if (ctx.common.json) {
      report["tokens"].push_back(token_json(t, id));
    } else {
      out += token_line(t, id);
    }
  };
  if (o.list) {
    for (uint32_t id = 0; id < t.vocab_size(); ++id) put(id);
  } else if (!o.ids.empty()) {
    for (const uint32_t id : parse_list(o.ids, t.vocab_size())) put(id);
  } else if (!o.pieces.empty()) {
    for (const std::string& piece : o.pieces) {
      if (const auto id = id_of(t, piece)) {
        put(*id);
        continue;
      }
      complete = false;
      out += fmt::format("-\t{}\tno token\t\"\"\n", shown(piece));
      if (ctx.common.json)
        report["tokens"].push_back({{"id", nullptr}, {"piece", valid_text(piece)}, {"flags", "no token"}});
    }
  } else if (!o.text.empty()) {
    text_report(t, o.text, out, report);
  } else {
    report = overview(t, opened.kind, o.limit);
    out = overview_text(report);
  }
  if (!ctx.common.json) write_all(STDOUT_FILENO, out, "<stdout>");
  ctx.report("", report);
  return complete ? kExitOk : kExitNo;
}

}  // namespace

std::function<int(cli::Context&)> inspect_command(cli::OptionTable& t) {
  auto o = std::make_shared<InspectCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
