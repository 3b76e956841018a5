// ds-tokenize encode into training data: Megatron's .bin and .idx, with the documents' ids and loss masks
// beside it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "ds-tokenize/encode_reuse.h"
#include "ds-tokenize/write_encoded.h"
#include "formats/token_dataset.h"
#include "tokenizer/encoding.h"
#include "tokenizer/fim.h"
#include "tokenizer/pipeline.h"

namespace ds::tokenize {
namespace {

using formats::Document;
using nlohmann::json;
using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;  // [begin, end) in characters

// The member `name` of the document: [[begin, end], …]. Throws data.
Ranges loss_ranges(const Document& d, const std::string& name) {
  const nlohmann::json members = nlohmann::json::parse("{" + d.rest + "}", nullptr, false);
  const auto it = members.is_object() ? members.find(name) : members.end();
  const auto bad = [&](const char* what) {
    return data_error(fmt::format("document {}: {}: {}", d.id, name, what),
                      "[[begin, end], …] in characters is expected");
  };
  if (!members.is_object() || it == members.end()) throw bad("missing");
  if (!it->is_array()) throw bad("no list");
  Ranges ranges;
  for (const nlohmann::json& r : *it) {
    if (!r.is_array() || r.size() != 2 || !r[0].is_number_unsigned() || !r[1].is_number_unsigned() ||
        r[0] > r[1] || (!ranges.empty() && r[0] < ranges.back().second)) {
      throw bad("a range that is none, or out of order");
    }
    ranges.emplace_back(r[0].get<uint64_t>(), r[1].get<uint64_t>());
  }
  return ranges;
}

// 1 for tokens that touch a range. Places of tokens rise.
void append_mask(const std::vector<tokenizer::Offsets>& places, const Ranges& ranges,
                 std::vector<uint8_t>& mask) {
  size_t next = 0;
  for (const tokenizer::Offsets& at : places) {
    while (next < ranges.size() && ranges[next].second <= at.begin) ++next;
    mask.push_back(next < ranges.size() && ranges[next].first < at.end ? 1 : 0);
  }
}

void append_document_line(std::string& out, const Document& d) {
  out += "{\"id\":";
  if (d.id_json.empty()) {
    formats::append_json_string(out, d.id);
  } else {
    out += d.id_json;
  }
  out += "}\n";
}

// How documents become tokens under these options. Throws usage for what the tokenizer lacks.
EncodeHow how_of(const EncodeJob& job, std::optional<uint32_t> eos) {
  const EncodeCommand& o = job.options;
  const tokenizer::Tokenizer& tok = job.tokenizer();
  EncodeHow how;
  if (eos) how.behind = {*eos};
  if (o.documents) {
    how.line = [](const Document& d, std::span<const uint32_t>, std::string& lines) {
      append_document_line(lines, d);
    };
  }
  std::optional<tokenizer::FimTokens> fim;
  if (o.fim_rate > 0) {
    fim = o.fim_tokens.empty() ? tokenizer::find_fim_tokens(tok)
                               : tokenizer::parse_fim_tokens(tok, o.fim_tokens);
    if (!fim)
      throw usage_error("--fim-rate: " + o.tokenizer + " has no tokens for it by the usual names",
                        "--fim-tokens PREFIX,SUFFIX,MIDDLE");
  }
  if (!fim && o.loss_ranges.empty()) return how;
  const tokenizer::FimRates rates{o.fim_rate, o.fim_spm_rate, static_cast<uint64_t>(o.seed)};
  how.whole = [&o, &tok, eos, fim, rates](tokenizer::Encoder& encoder, Document& d, Encoded& e) {
    const size_t begin = e.mask.size();
    const auto cut = tokenizer::fim_cut(rates, d.id, d.text);
    if (cut) {
      tokenizer::encode_fim(encoder, *fim, *cut, d.text, o.specials_in_text, e.ids);
    } else if (!o.loss_ranges.empty()) {
      tokenizer::EncodeOptions whole;
      whole.add_special_tokens = false;
      whole.specials_in_text = o.specials_in_text;
      whole.file_truncation = whole.file_padding = false;
      const tokenizer::Encoding encoding = tok.encode_full(d.text, whole);
      e.ids.insert(e.ids.end(), encoding.ids.begin(), encoding.ids.end());
      append_mask(encoding.offsets, loss_ranges(d, o.loss_ranges), e.mask);
    } else {
      encoder.encode(d.text, e.ids, o.specials_in_text);
    }
    if (eos) {
      e.ids.push_back(*eos);
      // Ending an answer is learned with the answer.
      if (!o.loss_ranges.empty()) e.mask.push_back(e.mask.size() == begin ? 0 : e.mask.back());
    }
    if (o.documents) append_document_line(e.lines, d);
  };
  return how;
}

class DatasetOutput final : public EncodeOutput {
 public:
  DatasetOutput(const std::string& prefix, formats::TokenType type, formats::DatasetExtras extras,
                const OldSet* old)
      : writer_(prefix, type, extras), extras_(extras), old_(old) {}

  void take(const Encoded& e) override { add_documents(writer_, extras_, e); }
  bool take_part(std::span<const uint32_t> ids) override {
    writer_.add_part(ids);
    return true;
  }
  void take_over(const Reuse& r) override { old_->copy(r, writer_); }

  json sync() override {
    const formats::DatasetPlace p = writer_.sync();
    return {p.documents, p.sequences, p.tokens, p.line_bytes};
  }
  bool restore(const json& p) override {
    if (p.is_null()) return writer_.restore({});
    return writer_.restore(
        {p.at(0).get<uint64_t>(), p.at(1).get<uint64_t>(), p.at(2).get<uint64_t>(), p.at(3).get<uint64_t>()});
  }
  void keep() override { writer_.keep(); }
  void prepare() { writer_.prepare(); }
  std::vector<formats::ManifestOutput> commit() { return writer_.commit(); }

 private:
  formats::TokenDatasetWriter writer_;
  formats::DatasetExtras extras_;
  const OldSet* old_;
};

}  // namespace

int encode_dataset(EncodeJob& job, const std::string& prefix) {
  const EncodeCommand& o = job.options;
  const tokenizer::Tokenizer& tok = job.tokenizer();
  const std::optional<uint32_t> eos = o.append_eos ? tok.eos_id() : std::nullopt;
  if (o.append_eos && !eos)
    job.ctx.run.log.warn(o.tokenizer + ": has no end-of-text token, documents end without one");
  const formats::TokenType type = formats::token_type_for_vocab(tok.vocab_size());
  const formats::DatasetExtras extras{.mask = !o.loss_ranges.empty(), .documents = o.documents};
  std::optional<OldSet> old;
  if (!job.ctx.common.force) old = OldSet::open(prefix, job, type, extras);
  if (old) job.reuse = old->plan(job);
  DatasetOutput output(prefix, type, extras, old ? &*old : nullptr);
  const auto sources = encode_all(job, how_of(job, eos), output);
  if (!sources) return kExitStopped;
  formats::Manifest& manifest = job.manifest;
  manifest.facts = facts_of(*sources, job);
  manifest.facts["dtype"] = formats::token_type_name(type);
  manifest.facts["appended_eos"] = eos.has_value();
  // The tokenizer travels with its data: ds-train puts it into the model folder.
  const std::string copy = prefix + ".tokenizer.json";
  AtomicFile copied(copy);
  copied.write(job.opened.converted ? *job.opened.converted : read_file(job.opened.path));
  copied.prepare();
  manifest.inputs = job.documents.describe();
  manifest.inputs.push_back(job.tokenizer_input);
  output.prepare();
  formats::remove_manifest(prefix);
  const FileDigest digest = copied.commit();
  if (digest.sha256 != job.tokenizer_sha256) throw io_error(o.tokenizer + ": changed while it was in use");
  manifest.outputs = output.commit();
  manifest.outputs.push_back({base_name(copy), digest});
  formats::write_manifest(prefix, manifest);
  return report(job, prefix);
}

}  // namespace ds::tokenize
