#include "formats/tokenizer_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/io.h"

namespace ds::formats {
namespace {

using nlohmann::json;
constexpr uint32_t kMaxId = (1u << 24) - 1;  // ids are array positions here: a lying file must not allocate

// ---- the byte alphabet
// ----------------------------------------------------------------------------------------

struct Alphabet {
  std::array<uint16_t, 256> code;   // byte -> code point
  std::array<int16_t, 0x144> byte;  // code point -> byte, or -1
  Alphabet() {
    byte.fill(-1);
    uint16_t extra = 0x100;
    for (int b = 0; b < 256; ++b) {
      const bool itself = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      code[b] = itself ? static_cast<uint16_t>(b) : extra++;
      byte[code[b]] = static_cast<int16_t>(b);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet a;
  return a;
}

// False when a character has no byte.
bool to_bytes(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size();) {
    const auto a = static_cast<uint8_t>(text[i]);
    uint32_t c = a;
    size_t size = 1;
    if (a >= 0x80) {
      if (a < 0xC2 || a > 0xC5 || i + 1 >= text.size()) return false;  // the alphabet ends at U+0143
      c = (a & 0x1Fu) << 6 | (static_cast<uint8_t>(text[i + 1]) & 0x3Fu);
      size = 2;
    }
    if (c >= alphabet().byte.size() || alphabet().byte[c] < 0) return false;
    out += static_cast<char>(alphabet().byte[c]);
    i += size;
  }
  return true;
}

// ---- reading
// --------------------------------------------------------------------------------------------------

[[noreturn]] void refuse(const std::string& name, const std::string& field, const std::string& found,
                         const std::string& expected) {
  throw data_error(fmt::format("{}: {}: found {}, expected {}", name, field, found, expected),
                   "supported: byte-level BPE as DeepSeek, Llama 3, Qwen and GPT-2 use it");
}

std::string shown(const json& v) {
  std::string s = v.dump(-1, ' ', false, json::error_handler_t::replace);
  if (s.size() > 60) s = s.substr(0, 57) + "...";
  return s;
}

struct Reader {
  const std::string& name;
  TokenizerJson out;
  std::unordered_map<std::string, uint32_t> ids;  // the model's vocabulary, as written

  const json* find(const json& object, const char* key) const {
    const auto it = object.find(key);
    return it == object.end() || it->is_null() ? nullptr : &*it;
  }
  bool flag(const json& object, const char* key, bool absent, const std::string& field) const {
    const json* v = find(object, key);
    if (!v) return absent;
    if (!v->is_boolean()) refuse(name, field + "." + key, shown(*v), "true or false");
    return v->get<bool>();
  }
  std::string type_of(const json& object, const std::string& field) const {
    if (!object.is_object()) refuse(name, field, shown(object), "an object with a type");
    const json* v = find(object, "type");
    if (!v || !v->is_string()) refuse(name, field + ".type", v ? shown(*v) : "nothing", "a string");
    return v->get<std::string>();
  }
  uint32_t id_from(const json& v, const std::string& field) const {
    if (!v.is_number_unsigned() || v.get<uint64_t>() > kMaxId)
      refuse(name, field, shown(v), fmt::format("an id up to {}", kMaxId));
    return v.get<uint32_t>();
  }
  void must_be_empty(const json& object, const char* key, const std::string& field,
                     std::string_view what) const {
    const json* v = find(object, key);
    if (!v || (v->is_string() && v->get_ref<const std::string&>().empty()) ||
        (v->is_boolean() && !v->get<bool>()) || (v->is_number() && v->get<double>() == 0)) {
      return;
    }
    refuse(name, field, shown(*v), std::string(what));
  }

  void normalizer(const json& v, const std::string& field) {
    const std::string type = type_of(v, field);
    if (type == "NFC") {
      out.nfc = true;
    } else if (type == "Sequence") {
      const json* list = find(v, "normalizers");
      if (!list || !list->is_array())
        refuse(name, field + ".normalizers", list ? shown(*list) : "nothing", "a list");
      for (const json& item : *list) {
        if (type_of(item, field) != "NFC") refuse(name, field, shown(item), "NFC, an empty Sequence or null");
        out.nfc = true;
      }
    } else {
      refuse(name, field, type, "NFC, an empty Sequence or null");
    }
  }

  void byte_level(const json& v, const std::string& field) {
    if (flag(v, "add_prefix_space", true, field)) refuse(name, field + ".add_prefix_space", "true", "false");
    out.byte_level_regex = flag(v, "use_regex", true, field);
  }

  void pre_tokenizer(const json& v) {
    const std::string field = "pre_tokenizer";
    const std::string type = type_of(v, field);
    if (type == "ByteLevel") return byte_level(v, field);
    if (type != "Sequence") refuse(name, field, type, "ByteLevel, or a Sequence of Splits and ByteLevel");
    const json* list = find(v, "pretokenizers");
    if (!list || !list->is_array() || list->empty())
      refuse(name, field + ".pretokenizers", "no list", "Splits and ByteLevel");
    for (size_t i = 0; i < list->size(); ++i) {
      const json& item = (*list)[i];
      const std::string at = fmt::format("{}.pretokenizers[{}]", field, i);
      const std::string kind = type_of(item, at);
      if (i + 1 == list->size()) {
        if (kind != "ByteLevel") refuse(name, at, kind, "ByteLevel as the last one");
        byte_level(item, at);
        break;
      }
      if (kind != "Split") refuse(name, at, kind, "Split");
      const json* behavior = find(item, "behavior");
      if (!behavior || *behavior != "Isolated")
        refuse(name, at + ".behavior", behavior ? shown(*behavior) : "nothing", "Isolated");
      if (flag(item, "invert", false, at)) refuse(name, at + ".invert", "true", "false");
      const json* pattern = find(item, "pattern");
      const json* regex = pattern && pattern->is_object() ? find(*pattern, "Regex") : nullptr;
      if (!regex || !regex->is_string())
        refuse(name, at + ".pattern", pattern ? shown(*pattern) : "nothing", "a Regex");
      out.splits.push_back(regex->get<std::string>());
    }
  }

  void template_processing(const json& v, const std::string& field) {
    const json* single = find(v, "single");
    const json* specials = find(v, "special_tokens");
    if (!single || !single->is_array() || !specials || !specials->is_object()) {
      refuse(name, field, "a TemplateProcessing without single and special_tokens", "both");
    }
    bool behind = false;
    for (const json& item : *single) {
      if (item.is_object() && item.contains("Sequence")) {
        if (behind) refuse(name, field + ".single", "two sequences", "one");
        behind = true;
        continue;
      }
      const json* special = item.is_object() ? find(item, "SpecialToken") : nullptr;
      const json* id = special && special->is_object() ? find(*special, "id") : nullptr;
      if (!id || !id->is_string()) refuse(name, field + ".single", shown(item), "SpecialToken or Sequence");
      const json* entry = find(*specials, id->get<std::string>().c_str());
      const json* list = entry && entry->is_object() ? find(*entry, "ids") : nullptr;
      if (!list || !list->is_array())
        refuse(name, field + ".special_tokens", "no ids of " + shown(*id), "a list of ids");
      for (const json& i : *list)
        (behind ? out.suffix : out.prefix).push_back(id_from(i, field + ".special_tokens"));
    }
    if (!behind) refuse(name, field + ".single", "no Sequence", "one");
  }

  void post_processor(const json& v, const std::string& field, bool nested = false) {
    const std::string type = type_of(v, field);
    if (type == "ByteLevel") return;
    if (type == "TemplateProcessing") return template_processing(v, field);
    if (type != "Sequence" || nested)
      refuse(name, field, type, "ByteLevel, TemplateProcessing, a Sequence of them or null");
    const json* list = find(v, "processors");
    if (!list || !list->is_array())
      refuse(name, field + ".processors", list ? shown(*list) : "nothing", "a list");
    for (const json& item : *list) post_processor(item, field + ".processors", true);
  }

  void put(uint32_t id, std::string bytes, const std::string& field) {
    if (out.tokens.size() <= id) out.tokens.resize(id + 1);
    if (!out.tokens[id].empty())
      throw data_error(fmt::format("{}: {}: id {} belongs to two tokens", name, field, id));
    out.tokens[id] = std::move(bytes);
  }

  void model(const json& v) {
    if (!v.is_object()) refuse(name, "model", shown(v), "an object");
    const json* type = find(v, "type");
    if (type ? *type != "BPE" : (v.contains("unk_id") || v.contains("max_input_chars_per_word"))) {
      refuse(name, "model.type", type ? shown(*type) : "no type", "BPE");
    }
    must_be_empty(v, "dropout", "model.dropout", "null");
    must_be_empty(v, "continuing_subword_prefix", "model.continuing_subword_prefix", "null");
    must_be_empty(v, "end_of_word_suffix", "model.end_of_word_suffix", "null");
    must_be_empty(v, "byte_fallback", "model.byte_fallback", "false");
    out.ignore_merges = flag(v, "ignore_merges", false, "model");

    const json* vocab = find(v, "vocab");
    if (!vocab || !vocab->is_object())
      refuse(name, "model.vocab", vocab ? "no object" : "nothing", "an object of ids by token");
    ids.reserve(vocab->size());
    for (const auto& [token, id_value] : vocab->items()) {
      const uint32_t id = id_from(id_value, "model.vocab[" + json(token).dump() + "]");
      if (token.empty()) throw data_error(name + ": model.vocab: an empty token");
      if (id / 64 > vocab->size() + 1024)
        refuse(name, "model.vocab", fmt::format("id {} among {} tokens", id, vocab->size()),
               "ids without great gaps");
      put(id, from_byte_alphabet(token), "model.vocab");
      ids.emplace(token, id);
    }
    for (int b = 0; b < 256; ++b) {
      const std::string letter = to_byte_alphabet(std::string(1, static_cast<char>(b)));
      if (!ids.contains(letter))
        refuse(name, "model.vocab", fmt::format("no token for byte 0x{:02X}", b), "all 256 bytes");
    }
    const json* list = find(v, "merges");
    if (!list || !list->is_array()) refuse(name, "model.merges", list ? "no list" : "nothing", "a list");
    out.merges.reserve(list->size());
    out.merged.reserve(list->size());
    for (size_t i = 0; i < list->size(); ++i) merge((*list)[i], i);
  }

  void merge(const json& v, size_t i) {
    std::string a, b;
    if (v.is_array() && v.size() == 2 && v[0].is_string() && v[1].is_string()) {
      a = v[0].get<std::string>();
      b = v[1].get<std::string>();
    } else if (v.is_string()) {
      const std::string& s = v.get_ref<const std::string&>();
      const size_t space = s.find(' ');
      if (space == std::string::npos || s.find(' ', space + 1) != std::string::npos) {
        refuse(name, fmt::format("model.merges[{}]", i), shown(v), "two tokens with a space between");
      }
      a = s.substr(0, space);
      b = s.substr(space + 1);
    } else {
      refuse(name, fmt::format("model.merges[{}]", i), shown(v), "a pair of tokens");
    }
    const auto ia = ids.find(a), ib = ids.find(b), iab = ids.find(a + b);
    if (ia == ids.end() || ib == ids.end() || iab == ids.end()) {
      refuse(name, fmt::format("model.merges[{}]", i), shown(v),
             "tokens of the vocabulary, whose union is one too");
    }
    out.merges.emplace_back(ia->second, ib->second);
    out.merged.push_back(iab->second);
  }

  void added_tokens(const json& v) {
    if (!v.is_array()) refuse(name, "added_tokens", shown(v), "a list");
    for (size_t i = 0; i < v.size(); ++i) {
      const json& item = v[i];
      const std::string field = fmt::format("added_tokens[{}]", i);
      const json* content = item.is_object() ? find(item, "content") : nullptr;
      const json* id = item.is_object() ? find(item, "id") : nullptr;
      if (!content || !content->is_string() || content->get_ref<const std::string&>().empty() || !id) {
        refuse(name, field, shown(item), "an id and a content");
      }
      AddedToken t;
      t.id = id_from(*id, field + ".id");
      t.content = content->get<std::string>();
      t.single_word = flag(item, "single_word", false, field);
      t.lstrip = flag(item, "lstrip", false, field);
      t.rstrip = flag(item, "rstrip", false, field);
      t.normalized = flag(item, "normalized", true, field);
      t.special = flag(item, "special", false, field);
      const auto known = ids.find(t.content);
      t.in_model = known != ids.end();
      if (t.in_model && known->second != t.id)
        refuse(name, field + ".id", std::to_string(t.id),
               fmt::format("{}, as in model.vocab", known->second));
      if (!t.in_model) {
        if (t.id / 64 > ids.size() + v.size() + 1024)
          refuse(name, field + ".id", std::to_string(t.id), "ids without great gaps");
        put(t.id, from_byte_alphabet(t.content), field);
      }
      out.added.push_back(std::move(t));
    }
    std::sort(out.added.begin(), out.added.end(),
              [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  }

  void file(const json& root) {
    if (!root.is_object()) refuse(name, "the file", shown(root), "an object");
    const json* version = find(root, "version");
    if (!version || *version != "1.0")
      refuse(name, "version", version ? shown(*version) : "nothing", "\"1.0\"");
    for (const char* key : {"truncation", "padding"}) {
      if (const json* v = find(root, key)) refuse(name, key, shown(*v), "null");
    }
    const json* model_value = find(root, "model");
    if (!model_value) refuse(name, "model", "nothing", "an object");
    model(*model_value);
    if (const json* v = find(root, "added_tokens")) added_tokens(*v);
    if (const json* v = find(root, "normalizer")) normalizer(*v, "normalizer");
    const json* pre = find(root, "pre_tokenizer");
    if (!pre) refuse(name, "pre_tokenizer", "nothing", "ByteLevel, or a Sequence of Splits and ByteLevel");
    pre_tokenizer(*pre);
    if (const json* v = find(root, "post_processor")) post_processor(*v, "post_processor");
    const json* decoder = find(root, "decoder");
    const std::string type = decoder ? type_of(*decoder, "decoder") : "nothing";
    if (type != "ByteLevel") refuse(name, "decoder", type, "ByteLevel");
    for (const auto* list : {&out.prefix, &out.suffix}) {
      for (const uint32_t id : *list) {
        if (id >= out.tokens.size() || out.tokens[id].empty())
          refuse(name, "post_processor", fmt::format("id {}", id), "an id of the vocabulary");
      }
    }
  }
};

// ---- writing
// --------------------------------------------------------------------------------------------------

std::string json_text(std::string_view s) {
  return json(std::string(s)).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string split_text(const std::string& regex) {
  return fmt::format(
      "      {{\n        \"type\": \"Split\",\n        \"pattern\": {{\n          \"Regex\": {}\n        "
      "}},\n"
      "        \"behavior\": \"Isolated\",\n        \"invert\": false\n      }}",
      json_text(regex));
}

std::string byte_level_text(std::string_view indent, bool prefix_space, bool regex) {
  return fmt::format(
      "{{\n{0}  \"type\": \"ByteLevel\",\n{0}  \"add_prefix_space\": {1},\n{0}  \"trim_offsets\": true,\n{0} "
      " \"use_regex\": {2}\n{0}}}",
      indent, prefix_space, regex);
}

}  // namespace

std::string to_byte_alphabet(std::string_view bytes) {
  std::string out;
  for (const char b : bytes) {
    const uint16_t c = alphabet().code[static_cast<uint8_t>(b)];
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else {
      out += static_cast<char>(0xC0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return out;
}

std::string from_byte_alphabet(std::string_view text) {
  std::string out;
  return to_bytes(text, out) ? out : std::string(text);
}

TokenizerJson parse_tokenizer_json(std::string_view text, const std::string& name) {
  json root;
  try {
    root = json::parse(text);
  } catch (const json::exception& e) {
    throw data_error(name + ": not JSON: " + e.what(), "a tokenizer.json is expected");
  }
  Reader reader{name, {}, {}};
  reader.file(root);
  return std::move(reader.out);
}

TokenizerJson read_tokenizer_json(const std::string& path) {
  return parse_tokenizer_json(read_file(path), path);
}

std::string tokenizer_json_text(const TokenizerJson& t) {
  std::string s =
      "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": [";
  const auto item = [&s](bool first, const std::string& text) {
    s += first ? "\n" : ",\n";
    s += text;
  };
  for (const AddedToken& a : t.added) {
    item(&a == &t.added.front(),
         fmt::format("    {{\n      \"id\": {},\n      \"content\": {},\n      \"single_word\": {},\n      "
                     "\"lstrip\": {},\n"
                     "      \"rstrip\": {},\n      \"normalized\": {},\n      \"special\": {}\n    }}",
                     a.id, json_text(a.content), a.single_word, a.lstrip, a.rstrip, a.normalized, a.special));
  }
  s += t.added.empty() ? "],\n" : "\n  ],\n";
  s += t.nfc ? "  \"normalizer\": {\n    \"type\": \"NFC\"\n  },\n" : "  \"normalizer\": null,\n";
  s += "  \"pre_tokenizer\": ";
  if (t.splits.empty()) {
    s += byte_level_text("  ", false, t.byte_level_regex);
  } else {
    s += "{\n    \"type\": \"Sequence\",\n    \"pretokenizers\": [";
    for (const std::string& regex : t.splits) item(&regex == &t.splits.front(), split_text(regex));
    item(false, "      " + byte_level_text("      ", false, t.byte_level_regex));
    s += "\n    ]\n  }";
  }
  s += ",\n  \"post_processor\": null,\n  \"decoder\": " + byte_level_text("  ", true, true);
  s += ",\n  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n"
       "    \"continuing_subword_prefix\": null,\n    \"end_of_word_suffix\": null,\n    \"fuse_unk\": "
       "false,\n"
       "    \"byte_fallback\": false,\n";
  s += fmt::format("    \"ignore_merges\": {},\n    \"vocab\": {{", t.ignore_merges);

  // Added tokens are written as they are, whether the alphabet could spell them or not.
  std::vector<const AddedToken*> added(t.tokens.size(), nullptr);
  for (const AddedToken& a : t.added) added.at(a.id) = &a;
  const auto spelled = [&](uint32_t id) {
    return added[id] ? added[id]->content : to_byte_alphabet(t.tokens[id]);
  };
  bool first = true;
  for (uint32_t id = 0; id < t.tokens.size(); ++id) {
    if (t.tokens[id].empty() || (added[id] && !added[id]->in_model)) continue;
    item(first, fmt::format("      {}: {}", json_text(spelled(id)), id));
    first = false;
  }
  s += first ? "},\n" : "\n    },\n";
  s += "    \"merges\": [";
  for (size_t i = 0; i < t.merges.size(); ++i) {
    item(i == 0, fmt::format("      [\n        {},\n        {}\n      ]",
                             json_text(spelled(t.merges[i].first)), json_text(spelled(t.merges[i].second))));
  }
  s += t.merges.empty() ? "]\n  }\n}" : "\n    ]\n  }\n}";
  return s;
}

}  // namespace ds::formats
