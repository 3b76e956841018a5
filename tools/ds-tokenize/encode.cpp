// ds-tokenize encode: documents -> token ids, as Megatron .bin/.idx for training or as JSONL.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/part_file.h"
#include "ds-tokenize/encode_checkpoint.h"
#include "ds-tokenize/encode_work.h"
#include "formats/token_dataset.h"

namespace ds::tokenize {

using nlohmann::json;

json facts_of(const std::vector<Source>& sources, const EncodeJob& job) {
  uint64_t documents = 0, bytes = 0, tokens = 0;
  for (const Source& s : sources) documents += s.documents, bytes += s.bytes, tokens += s.tokens;
  json facts = {{"documents", documents},
                {"bytes", bytes},
                {"tokens", tokens},
                {"sources", to_json(sources)},
                {"vocab_size", job.tokenizer().vocab_size()},
                {"tokenizer_sha256", job.tokenizer_sha256}};
  if (const auto eos = job.tokenizer().eos_id()) facts["eos_id"] = *eos;
  return facts;
}

int report(EncodeJob& job, const std::string& output) {
  if (!job.checkpoint.empty()) remove_file(job.checkpoint);
  json facts = job.manifest.facts;
  const auto bytes = facts["bytes"].get<uint64_t>(), tokens = facts["tokens"].get<uint64_t>();
  std::string text = fmt::format("{}: {} documents, {} bytes, {} tokens ({:.3f} bytes a token)", output,
                                 facts["documents"].get<uint64_t>(), bytes, tokens,
                                 tokens ? static_cast<double>(bytes) / static_cast<double>(tokens) : 0.0);
  uint64_t reused = 0;
  for (const Reuse& r : job.reuse) reused += r.documents;
  if (reused > 0) text += fmt::format(", {} documents as they were", reused);
  facts["reused_documents"] = reused;
  job.ctx.report(text, facts);
  return kExitOk;
}

namespace {

// The set at the output may be of this very work: worth reading the inputs for. Names of inputs become ids.
bool may_be_done(const std::string& artifact, const formats::Manifest& work, const Documents& documents) {
  std::optional<formats::Manifest> found;
  try {
    found = formats::read_manifest(artifact);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::data) throw;
  }
  if (!found) return false;
  formats::Manifest same = work;
  same.inputs = found->inputs;
  if (!found->same_work(same)) return false;
  try {
    const std::vector<Source> sources = sources_from(found->facts.at("sources"));
    if (sources.size() != documents.inputs().size()) return false;
    for (size_t i = 0; i < sources.size(); ++i) {
      const formats::CorpusInput& input = documents.inputs()[i];
      if (sources[i].name != input.name || sources[i].digest.size != file_size(input.path)) return false;
    }
  } catch (const json::exception&) {
    return false;
  }
  return true;
}

int run(cli::Context& ctx, const EncodeCommand& o) {
  const bool jsonl = o.format == "jsonl";
  const std::string artifact = jsonl ? o.output : formats::dataset_prefix(o.output);
  std::vector<std::string> files = {artifact};
  if (!jsonl) files = {artifact + ".bin", artifact + ".idx", artifact + ".tokenizer.json"};
  std::vector<std::string> inputs = o.in.inputs;
  inputs.push_back(tokenizer::tokenizer_file(o.tokenizer));
  for (const std::string& file : files) {
    if (file == "-") continue;
    refuse_output_is_input(file, inputs);
    check_output(file, OutputKind::file);
  }
  const tokenizer::OpenedTokenizer opened = tokenizer::open_tokenizer(o.tokenizer);
  for (const std::string& note : opened.notes) ctx.run.log.warn(opened.path + ": " + note);
  const tokenizer::Tokenizer& tok = opened.tokenizer;
  Documents documents(o.in);
  if (ctx.common.dry_run) {
    ctx.report(fmt::format("would encode {} input(s) of {} bytes into {} ({} entries, {})",
                           o.in.inputs.size(), documents.raw_size(), artifact, tok.vocab_size(),
                           formats::token_type_name(formats::token_type_for_vocab(tok.vocab_size()))),
               {{"input_bytes", documents.raw_size()}, {"vocab_size", tok.vocab_size()}});
    return kExitOk;
  }
  // Ids that go to stdout with nothing said of them: who has made them is asked by nobody.
  const bool described = artifact != "-" || ctx.common.json;
  formats::ManifestInput tokenizer_input;
  if (described) tokenizer_input = formats::describe_input("tokenizer", opened.path);
  const std::string tokenizer_sha256 =
      described && opened.converted ? sha256_hex(*opened.converted) : tokenizer_input.digest.sha256;
  EncodeJob job{ctx, o, documents, opened, tokenizer_input, tokenizer_sha256, planned_manifest(ctx), "", ""};
  job.manifest.seed = o.seed;
  std::optional<OutputLock> lock;
  if (artifact != "-") lock.emplace(artifact);
  if (!is_special_output(artifact) && !documents.streams()) {
    job.checkpoint = path_beside(artifact, ".ds-checkpoint");
    if (!ctx.common.force && may_be_done(artifact, job.manifest, documents)) {
      formats::Manifest planned = job.manifest;
      planned.inputs = documents.describe();
      planned.inputs.push_back(job.tokenizer_input);
      if (formats::up_to_date(artifact, planned)) {
        remove_file(job.checkpoint);
        if (!jsonl) formats::TokenDatasetWriter::remove_parts(artifact);
        return report_up_to_date(ctx, artifact);
      }
    }
    job.plan = plan_of(job.manifest, job.tokenizer_sha256, documents.inputs());
  }
  const int status = jsonl ? encode_jsonl(job) : encode_dataset(job, artifact);
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
