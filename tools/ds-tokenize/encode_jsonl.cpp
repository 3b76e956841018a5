// ds-tokenize encode --format jsonl: a line of ids for each document.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/part_file.h"
#include "ds-tokenize/encode_work.h"
#include "tokenizer/pipeline.h"

namespace ds::tokenize {
namespace {

using tokenizer::Encoding;

void append_id(std::string& out, const formats::Document& d) {
  out += "{\"id\":";
  if (d.id_json.empty()) {
    formats::append_json_string(out, d.id);
  } else {
    out += d.id_json;
  }
}

template <class List>
void append_numbers(std::string& out, const char* name, const List& list) {
  out += name;
  char digits[24];
  bool first = true;
  for (const auto x : list) {
    if (!first) out += ',';
    first = false;
    out.append(digits, fmt::format_to(digits, "{}", x));
  }
  out += ']';
}

void append_line(std::string& out, const formats::Document& d, std::span<const uint32_t> ids) {
  append_id(out, d);
  append_numbers(out, ",\"ids\":[", ids);
  out += "}\n";
}

// --- Lines that say more than ids -------------------------------------------------------------------------

constexpr const char* kPadNames[] = {"<pad>", "[PAD]", "<|pad|>", "<｜▁pad▁｜>", "<|endoftext|>", "</s>"};

formats::Padding padding_of(const EncodeCommand& o, const tokenizer::Tokenizer& tok) {
  formats::Padding p;
  if (tok.model().padding) {
    p = *tok.model().padding;
  } else {
    std::optional<uint32_t> id;
    for (const char* name : kPadNames) {
      if (!id) id = tok.id_of(name);
    }
    if (!id) throw usage_error("--padding: " + o.tokenizer + " has no padding token by the usual names");
    p.pad_id = *id;
  }
  p.fixed = static_cast<uint64_t>(o.padding);
  p.left = o.padding_side == "left";
  p.pad_to_multiple_of.reset();
  return p;
}

formats::Truncation truncation_of(const EncodeCommand& o) {
  formats::Truncation t;
  t.max_length = static_cast<uint64_t>(o.max_length);
  t.stride = o.stride < 0 ? 0 : static_cast<uint64_t>(o.stride);
  t.left = o.truncation_side == "left";
  return t;
}

std::string second_text(const formats::Document& d, const std::string& name) {
  const nlohmann::json members = nlohmann::json::parse("{" + d.rest + "}", nullptr, false);
  const auto it = members.is_object() ? members.find(name) : members.end();
  if (!members.is_object() || it == members.end() || !it->is_string()) {
    throw data_error(fmt::format("document {}: {}: missing, or no text", d.id, name));
  }
  return it->get<std::string>();
}

void append_line(const EncodeCommand& o, const formats::Document& d, const Encoding& encoding, size_t window,
                 Encoded& e) {
  append_id(e.lines, d);
  if (o.stride >= 0) e.lines += fmt::format(",\"window\":{}", window);
  append_numbers(e.lines, ",\"ids\":[", encoding.ids);
  if (o.offsets != "none") {
    e.lines += ",\"offsets\":[";
    for (size_t i = 0; i < encoding.size(); ++i) {
      e.lines += fmt::format("{}[{},{}]", i ? "," : "", encoding.offsets[i].begin, encoding.offsets[i].end);
    }
    e.lines += ']';
  }
  if (!o.pair_field.empty()) append_numbers(e.lines, ",\"type_ids\":[", encoding.type_ids);
  if (o.padding > 0) append_numbers(e.lines, ",\"attention_mask\":[", encoding.attention_mask);
  e.lines += "}\n";
  e.ids.insert(e.ids.end(), encoding.ids.begin(), encoding.ids.end());
}

EncodeHow in_full(const EncodeJob& job) {
  const EncodeCommand& o = job.options;
  const tokenizer::Tokenizer& tok = job.tokenizer();
  const auto padding = std::make_shared<formats::Padding>();
  if (o.padding > 0) *padding = padding_of(o, tok);
  const auto truncation = std::make_shared<formats::Truncation>(truncation_of(o));
  using tokenizer::PipelineScratch;
  const auto scratches = std::make_shared<Pool<PipelineScratch>>([] { return PipelineScratch(); });
  EncodeHow how;
  how.whole = [&o, &tok, padding, truncation, scratches](tokenizer::Encoder&, formats::Document& d,
                                                         Encoded& e) {
    tokenizer::EncodeOptions whole;
    whole.add_special_tokens = o.add_special_tokens;
    whole.specials_in_text = o.specials_in_text;
    whole.offsets = o.offsets == "bytes" ? tokenizer::OffsetUnit::bytes : tokenizer::OffsetUnit::characters;
    whole.file_truncation = whole.file_padding = false;
    if (o.max_length > 0) whole.truncation = truncation.get();
    if (o.padding > 0) whole.padding = padding.get();
    std::string pair;
    if (!o.pair_field.empty()) pair = second_text(d, o.pair_field);
    const std::string_view view = pair;
    scratches->with([&](PipelineScratch& scratch) {
      const Encoding encoding =
          tok.encode_full(d.text, o.pair_field.empty() ? nullptr : &view, whole, scratch);
      append_line(o, d, encoding, 0, e);
      for (size_t i = 0; o.stride >= 0 && i < encoding.overflowing.size(); ++i) {
        append_line(o, d, encoding.overflowing[i], i + 1, e);
      }
    });
  };
  return how;
}

EncodeHow how_of(const EncodeJob& job) {
  const EncodeCommand& o = job.options;
  if (o.offsets != "none" || o.max_length > 0 || o.padding > 0 || !o.pair_field.empty()) return in_full(job);
  EncodeHow how;
  if (o.add_special_tokens) {
    how.before = job.tokenizer().prefix();
    how.behind = job.tokenizer().suffix();
  }
  how.line = [](const formats::Document& d, std::span<const uint32_t> ids, std::string& lines) {
    append_line(lines, d, ids);
  };
  return how;
}

class LinesOutput final : public EncodeOutput {
 public:
  explicit LinesOutput(const std::string& path) : path_(path), file_(path) {}
  void take(const Encoded& e) override { file_.write(e.lines); }
  nlohmann::json sync() override { return file_.sync(); }
  bool restore(const nlohmann::json& place) override {
    if (place.is_null()) return file_.restore(0);
    if (!exists(formats::manifest_path(path_))) file_.take_back(place.get<uint64_t>());
    return file_.restore(place.get<uint64_t>());
  }
  void keep() override { file_.keep(); }
  PartFile& file() { return file_; }

 private:
  std::string path_;
  PartFile file_;
};

}  // namespace

int encode_jsonl(EncodeJob& job) {
  const std::string& path = job.options.output;
  LinesOutput output(path);
  const auto sources = encode_all(job, how_of(job), output);
  if (!sources) return kExitStopped;
  formats::Manifest& manifest = job.manifest;
  manifest.facts = facts_of(*sources, job);
  const FileDigest digest = output.file().finish();
  if (path != "-") formats::remove_manifest(path);
  output.file().place();
  if (path != "-") {
    manifest.inputs = job.documents.describe();
    manifest.inputs.push_back(job.tokenizer_input);
    manifest.outputs = {{base_name(path), digest}};
    formats::write_manifest(path, manifest);
  }
  return report(job, path);
}

}  // namespace ds::tokenize
