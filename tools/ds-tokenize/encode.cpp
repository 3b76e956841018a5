// ds-tokenize encode: documents -> token ids, as Megatron .bin/.idx for training or as JSONL.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/documents.h"
#include "formats/token_dataset.h"
#include "tokenizer/tokenizer.h"

namespace ds::tokenize {
namespace {

using tokenizer::Encoder;
using tokenizer::Tokenizer;

struct Encoded {
  std::vector<uint32_t> ids;   // of all documents of the batch
  std::vector<uint64_t> ends;  // where each document ends in ids
  std::string lines;           // JSONL
  uint64_t bytes = 0, documents = 0;
};

struct Totals {
  uint64_t documents = 0, bytes = 0, tokens = 0;
};

void append_line(std::string& out, const formats::Document& d, std::span<const uint32_t> ids) {
  out += "{\"id\":";
  if (d.id_json.empty()) {
    formats::append_json_string(out, d.id);
  } else {
    out += d.id_json;
  }
  out += ",\"ids\":[";
  char digits[16];
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i) out += ',';
    out.append(digits, fmt::format_to(digits, "{}", ids[i]));
  }
  out += "]}\n";
}

// What both formats share: the loop. `sink` gets each batch in order.
Totals encode_all(Documents& documents, const Tokenizer& tok, bool specials_in_text,
                  std::optional<uint32_t> eos, bool as_lines, Run& run,
                  const std::function<void(Encoded&)>& sink) {
  Pool<Encoder> encoders([&] { return Encoder(tok); });
  Totals totals;
  map_documents<Encoded>(
      documents, run, "encode",
      [&](Batch& batch, Encoded& e) {
        encoders.with([&](Encoder& encoder) {
          batch.for_each([&](formats::Document& d) {
            const size_t begin = e.ids.size();
            encoder.encode(d.text, e.ids, specials_in_text);
            if (eos) e.ids.push_back(*eos);
            if (as_lines) append_line(e.lines, d, std::span(e.ids).subspan(begin));
            e.ends.push_back(e.ids.size());
            e.bytes += d.text.size();
            ++e.documents;
          });
        });
        batch.records.clear();
      },
      [&](Encoded& e) {
        totals.documents += e.documents;
        totals.bytes += e.bytes;
        totals.tokens += e.ids.size();
        sink(e);
      });
  return totals;
}

nlohmann::json facts_of(const Totals& t, const Tokenizer& tok, const FileDigest& tokenizer_digest) {
  nlohmann::json facts = {{"documents", t.documents},
                          {"bytes", t.bytes},
                          {"tokens", t.tokens},
                          {"vocab_size", tok.vocab_size()},
                          {"tokenizer_sha256", tokenizer_digest.sha256}};
  if (const auto eos = tok.eos_id()) facts["eos_id"] = *eos;
  return facts;
}

std::string summary(const std::string& output, const Totals& t) {
  return fmt::format("{}: {} documents, {} bytes, {} tokens ({:.3f} bytes a token)", output, t.documents,
                     t.bytes, t.tokens,
                     t.tokens ? static_cast<double>(t.bytes) / static_cast<double>(t.tokens) : 0.0);
}

int encode_jsonl(cli::Context& ctx, const EncodeCommand& o, Documents& documents, const Tokenizer& tok,
                 formats::Manifest manifest, const formats::ManifestInput& tokenizer_input) {
  AtomicFile file(o.output);
  const Totals totals = encode_all(documents, tok, o.specials_in_text, std::nullopt, true, ctx.run,
                                   [&](Encoded& e) { file.write(e.lines); });
  if (ctx.run.stop.requested()) return kExitStopped;
  manifest.facts = facts_of(totals, tok, tokenizer_input.digest);
  file.prepare();
  if (o.output != "-") formats::remove_manifest(o.output);
  const FileDigest digest = file.commit();
  if (o.output != "-") {
    manifest.inputs = documents.describe();
    manifest.inputs.push_back(tokenizer_input);
    manifest.outputs = {{base_name(o.output), digest}};
    formats::write_manifest(o.output, manifest);
  }
  ctx.report(summary(o.output, totals), manifest.facts);
  return kExitOk;
}

int encode_megatron(cli::Context& ctx, const EncodeCommand& o, const std::string& prefix,
                    Documents& documents, const Tokenizer& tok, formats::Manifest manifest,
                    const formats::ManifestInput& tokenizer_input) {
  const std::optional<uint32_t> eos = o.append_eos ? tok.eos_id() : std::nullopt;
  if (o.append_eos && !eos)
    ctx.run.log.warn(o.tokenizer + ": has no end-of-text token, documents end without one");
  const formats::TokenType type = formats::token_type_for_vocab(tok.vocab_size());
  formats::TokenDatasetWriter writer(prefix, type);
  const Totals totals = encode_all(documents, tok, o.specials_in_text, eos, false, ctx.run, [&](Encoded& e) {
    uint64_t begin = 0;
    for (const uint64_t end : e.ends) {
      writer.add_document(std::span(e.ids).subspan(begin, end - begin));
      begin = end;
    }
  });
  if (ctx.run.stop.requested()) return kExitStopped;
  manifest.facts = facts_of(totals, tok, tokenizer_input.digest);
  manifest.facts["dtype"] = formats::token_type_name(type);
  manifest.facts["appended_eos"] = eos.has_value();
  // The tokenizer travels with its data: ds-train puts it into the model folder.
  const std::string copy = prefix + ".tokenizer.json";
  AtomicFile copied(copy);
  copied.write(read_file(o.tokenizer));
  copied.prepare();
  manifest.inputs = documents.describe();
  manifest.inputs.push_back(tokenizer_input);
  formats::remove_manifest(prefix);
  const FileDigest digest = copied.commit();
  if (digest != tokenizer_input.digest) throw io_error(o.tokenizer + ": changed while it was in use");
  manifest.outputs = writer.commit();
  manifest.outputs.push_back({base_name(copy), digest});
  formats::write_manifest(prefix, manifest);
  ctx.report(summary(prefix, totals), manifest.facts);
  return kExitOk;
}

int run(cli::Context& ctx, const EncodeCommand& o) {
  const bool jsonl = o.format == "jsonl";
  const std::string artifact = jsonl ? o.output : formats::dataset_prefix(o.output);
  std::vector<std::string> files = {artifact};
  if (!jsonl) files = {artifact + ".bin", artifact + ".idx", artifact + ".tokenizer.json"};
  std::vector<std::string> inputs = o.in.inputs;
  inputs.push_back(o.tokenizer);
  for (const std::string& file : files) {
    if (file == "-") continue;
    refuse_output_is_input(file, inputs);
    check_output(file, OutputKind::file);
  }
  const Tokenizer tok = Tokenizer::load(o.tokenizer);
  Documents documents(o.in);
  if (ctx.common.dry_run) {
    ctx.report(fmt::format("would encode {} input(s) of {} bytes into {} ({} entries, {})",
                           o.in.inputs.size(), documents.raw_size(), artifact, tok.vocab_size(),
                           formats::token_type_name(formats::token_type_for_vocab(tok.vocab_size()))),
               {{"input_bytes", documents.raw_size()}, {"vocab_size", tok.vocab_size()}});
    return kExitOk;
  }
  formats::Manifest manifest = planned_manifest(ctx);
  const formats::ManifestInput tokenizer_input = formats::describe_input("tokenizer", o.tokenizer);
  std::optional<OutputLock> lock;
  if (artifact != "-") {
    lock.emplace(artifact);
    if (!documents.streams()) {
      manifest.inputs = documents.describe();
      manifest.inputs.push_back(tokenizer_input);
      if (!ctx.common.force && formats::up_to_date(artifact, manifest))
        return report_up_to_date(ctx, artifact);
    }
  }
  const int status = jsonl ? encode_jsonl(ctx, o, documents, tok, manifest, tokenizer_input)
                           : encode_megatron(ctx, o, artifact, documents, tok, manifest, tokenizer_input);
  if (status == kExitOk && !ctx.common.depfile.empty()) {
    formats::write_depfile(ctx.common.depfile, jsonl ? artifact : artifact + ".idx", inputs);
  }
  return status;
}

}  // namespace

std::function<int(cli::Context&)> encode_command(cli::OptionTable& t) {
  auto o = std::make_shared<EncodeCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
