#include "export/gguf_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "base/io.h"
#include "formats/json_file.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/convert.h"
#include "tokenizer/tables.h"
#include "tokenizer/tokenizer.h"

namespace ds::exporting {
namespace {

using nlohmann::json;
using tokenizer::Pattern;

struct Pre {
  Pattern pattern;
  const char* name;
  bool ignore_merges;  // what llama.cpp does under this name
};
constexpr std::array kPres = {Pre{Pattern::deepseek_v3, "deepseek-v3", false},
                              Pre{Pattern::llama3, "llama-bpe", true}, Pre{Pattern::qwen2, "qwen2", false},
                              Pre{Pattern::gpt2, "gpt-2", false}};

enum TokenKind : int32_t { kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5 };

std::string joined(const std::vector<std::string>& splits) {
  std::string all;
  for (const std::string& s : splits) all += s + "\n";
  return all;
}

// Edits between two texts, for finding the nearest of a few; long ones are compared by their beginnings.
size_t distance(std::string_view a, std::string_view b) {
  a = a.substr(0, 2000);
  b = b.substr(0, 2000);
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t change = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

const Pre& find_pre(const formats::TokenizerJson& t, const std::string& name) {
  std::string why;
  const auto splits = tokenizer::byte_level_splits(t, &why);
  if (!splits)
    throw data_error(name + ": " + why, "GGUF knows byte-level BPE alone here; --no-tokenizer leaves it out");
  const Pre* nearest = nullptr;
  size_t least = SIZE_MAX;
  for (const tokenizer::KnownPattern& known : tokenizer::known_patterns()) {
    const auto pre =
        std::find_if(kPres.begin(), kPres.end(), [&](const Pre& p) { return p.pattern == known.pattern; });
    if (pre == kPres.end()) continue;
    if (splits->known() == &known) return *pre;
    const size_t d = distance(joined(known.splits), joined(splits->regexes)) +
                     (known.byte_level_regex != splits->byte_level_regex ? 100 : 0);
    if (d < least) {
      least = d;
      nearest = &*pre;
    }
  }
  throw data_error(
      fmt::format(
          "{}: pre_tokenizer: cuts text in a way that GGUF has no name for; the nearest is {} (known: "
          "deepseek-v3, llama-bpe, qwen2, gpt-2)",
          name, nearest->name),
      "ds-tokenize train --pattern deepseek-v3 makes a tokenizer that can be exported; --no-tokenizer leaves "
      "it out");
}

// llama.cpp decides by `pre` whether whole words come before merges. That matters only for tokens that the
// merges do not lead to: if there is one, it would read text otherwise.
void check_merges(const tokenizer::Tokenizer& tok, const Pre& pre, const std::string& name) {
  const tokenizer::Tables& tables = tok.tables();
  if (tables.json.model.ignore_merges == pre.ignore_merges) return;
  std::vector<bool> added(tables.view.tokens.size(), false);
  for (const formats::AddedToken& a : tables.json.added) added[a.id] = true;
  std::vector<uint32_t> ids;
  for (const auto& [word, id] : tables.words) {
    if (added[id]) continue;
    ids.clear();
    tokenizer::merge_word(tables, word, ids);
    if (ids.size() == 1) continue;
    throw data_error(
        fmt::format("{}: model.ignore_merges: {}, but llama.cpp has {} for {}, and token {} differs", name,
                    tables.json.model.ignore_merges, pre.ignore_merges, pre.name, id),
        "--no-tokenizer leaves the tokenizer out");
  }
}

std::string content_of(const json& token) {
  if (token.is_string()) return token.get<std::string>();
  if (token.is_object() && token.contains("content") && token["content"].is_string())
    return token["content"].get<std::string>();
  return "";
}

// End tokens, the one that ends a text first: what tokenizer_config.json calls so, if it is among them.
std::vector<uint32_t> end_ids(const tokenizer::Tokenizer& tok, const formats::ModelFolder& model,
                              const arch::ModelConfig& config, const json& tokenizer_config) {
  std::vector<uint32_t> ids;
  for (const int64_t id : config.eos_token_ids) ids.push_back(static_cast<uint32_t>(id));
  if (ids.empty() && model.generation_config.is_object()) {
    const auto it = model.generation_config.find("eos_token_id");
    if (it != model.generation_config.end()) {
      for (const json& one : it->is_array() ? *it : json::array({*it})) {
        if (one.is_number_unsigned() && one.get<uint64_t>() < tok.vocab_size())
          ids.push_back(one.get<uint32_t>());
      }
    }
  }
  std::optional<uint32_t> named;
  if (tokenizer_config.is_object() && tokenizer_config.contains("eos_token"))
    named = tok.id_of(content_of(tokenizer_config["eos_token"]));
  if (ids.empty() && named) ids.push_back(*named);
  if (ids.empty() && tok.eos_id()) ids.push_back(*tok.eos_id());
  if (named) {
    const auto it = std::find(ids.begin(), ids.end(), *named);
    if (it != ids.end()) std::rotate(ids.begin(), it, it + 1);
  }
  return ids;
}

void add_chat_template(formats::GgufMetadata& out, const formats::ModelFolder& model,
                       const json& tokenizer_config) {
  const std::string file = join_path(model.folder, "chat_template.jinja");
  if (exists(file)) return out.text("tokenizer.chat_template", read_file(file));
  if (!tokenizer_config.is_object() || !tokenizer_config.contains("chat_template")) return;
  const json& given = tokenizer_config["chat_template"];
  if (given.is_string()) return out.text("tokenizer.chat_template", given.get<std::string>());
  if (!given.is_array()) return;
  // Several, by name; "default" is the one without a name.
  std::vector<std::string> names;
  for (const json& one : given) {
    if (!one.is_object() || !one.value("name", json()).is_string() ||
        !one.value("template", json()).is_string())
      continue;
    const std::string name = one["name"].get<std::string>(), text = one["template"].get<std::string>();
    const bool plain =
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
    if (name == "default") {
      out.text("tokenizer.chat_template", text);
    } else if (plain && !name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      out.text("tokenizer.chat_template." + name, text);
      names.push_back(name);
    }
  }
  if (!names.empty()) out.texts("tokenizer.chat_templates", names);
}

void add_tokens(formats::GgufMetadata& out, const tokenizer::Tokenizer& tok, int64_t entries) {
  const formats::TokenizerJson& t = tok.model();
  const formats::TokenizerModel& m = t.model;
  const auto count = static_cast<size_t>(entries);
  std::vector<std::string> tokens(count);
  std::vector<int32_t> types(count, kNormal);
  for (size_t i = 0; i < count; ++i) {
    if (i < m.tokens.size() && m.known[i]) {
      tokens[i] = m.tokens[i];
    } else {
      tokens[i] = fmt::format("[PAD{}]", i);
      types[i] = kUnused;
    }
  }
  for (const formats::AddedToken& a : t.added) {
    tokens.at(a.id) = a.content;
    types.at(a.id) = a.special ? kControl : kUserDefined;
  }
  out.texts("tokenizer.ggml.tokens", tokens);
  out.i32s("tokenizer.ggml.token_type", types);
  std::vector<std::string> merges;
  merges.reserve(m.merges.size());
  for (const auto& [left, right] : m.merges) merges.push_back(m.tokens[left] + " " + m.tokens[right]);
  out.texts("tokenizer.ggml.merges", merges);
}

}  // namespace

std::string gguf_pre(const formats::TokenizerJson& tokenizer, const std::string& name) {
  return find_pre(tokenizer, name).name;
}

void add_tokenizer(formats::GgufMetadata& out, const formats::ModelFolder& model,
                   const arch::ModelConfig& config, int64_t entries, Log& log) {
  const std::string path = tokenizer::tokenizer_file_in(model.folder);
  if (path.empty()) {
    throw io_error(
        fmt::format("{}: there is no tokenizer.json, tekken.json or tokenizer.model in it", model.folder),
        "llama.cpp reads text by the tokenizer inside the file; --no-tokenizer exports the weights alone");
  }
  formats::TokenizerJson read = tokenizer::tokenizer_from_file(path);
  const Pre& pre = find_pre(read, path);
  const tokenizer::Tokenizer tok(std::move(read));
  check_merges(tok, pre, path);
  if (tok.vocab_size() > static_cast<uint64_t>(entries)) {
    throw data_error(
        fmt::format("{}: {} tokens, but the model has {} (vocab_size)", path, tok.vocab_size(), entries),
        "do the tokenizer and the model belong together?");
  }
  if (tok.tables().view.nfc) log.warn(path + ": the tokenizer normalises text (NFC); llama.cpp does not");
  for (const auto* ids : {&tok.prefix(), &tok.suffix()}) {
    if (ids->size() > 1) {
      throw data_error(fmt::format("{}: post_processor: puts {} tokens at one end of a text; GGUF knows one",
                                   path, ids->size()));
    }
  }
  const std::string config_path = join_path(model.folder, "tokenizer_config.json");
  const json tokenizer_config = exists(config_path) ? formats::read_json(config_path) : json();

  out.text("tokenizer.ggml.model", "gpt2");
  out.text("tokenizer.ggml.pre", pre.name);
  add_tokens(out, tok, entries);

  std::vector<uint32_t> ends = end_ids(tok, model, config, tokenizer_config);
  if (!tok.suffix().empty() && (ends.empty() || ends[0] != tok.suffix()[0]))
    ends.insert(ends.begin(), tok.suffix()[0]);
  std::optional<uint32_t> begin;
  if (!tok.prefix().empty()) {
    begin = tok.prefix()[0];
  } else if (config.bos_token_id) {
    begin = static_cast<uint32_t>(*config.bos_token_id);
  } else if (tok.bos_id()) {
    begin = tok.bos_id();
  } else if (!ends.empty()) {
    begin = ends[0];  // without a key llama.cpp would take token 11; it is not put before texts, see below
  }
  if (begin) out.u32("tokenizer.ggml.bos_token_id", *begin);
  if (ends.empty()) {
    log.warn(path + ": no end-of-text token is known; llama.cpp takes token 11 for it");
  } else {
    out.u32("tokenizer.ggml.eos_token_id", ends[0]);
  }
  if (ends.size() > 1) out.u32("tokenizer.ggml.eot_token_id", ends[1]);
  if (ends.size() > 2) out.u32("tokenizer.ggml.eom_token_id", ends[2]);
  if (config.pad_token_id)
    out.u32("tokenizer.ggml.padding_token_id", static_cast<uint32_t>(*config.pad_token_id));
  out.boolean("tokenizer.ggml.add_bos_token", !tok.prefix().empty());
  out.boolean("tokenizer.ggml.add_eos_token", !tok.suffix().empty());
  add_chat_template(out, model, tokenizer_config);
}

void add_no_tokenizer(formats::GgufMetadata& out) { out.text("tokenizer.ggml.model", "none"); }

}  // namespace ds::exporting
