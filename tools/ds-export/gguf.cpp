// ds-export gguf: model folder -> one GGUF file, with its manifest inside and beside it.
#include "export/gguf.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "ds-export/commands.h"
#include "ds-export/options.h"

namespace ds::exporting {
namespace {

std::vector<std::string> files_of(const formats::ModelFolder& model) {
  std::vector<std::string> files = {model.config_path};
  for (const auto& file : model.files) files.push_back(file->path());
  for (const std::string& name : model.tokenizer_files) files.push_back(join_path(model.folder, name));
  return files;
}

int run(cli::Context& ctx, const GgufCommand& o) {
  const formats::ModelFolder model = formats::open_model_folder(o.model);
  const std::vector<std::string> inputs = files_of(model);
  refuse_output_is_input(o.output, inputs);
  const bool to_file = o.output != "-";
  if (to_file) check_output(o.output, OutputKind::file);
  std::optional<OutputLock> lock;
  formats::Manifest manifest = planned_manifest(ctx);
  if (!ctx.common.dry_run) {
    if (to_file) lock.emplace(o.output);
    manifest.inputs = {formats::describe_input("model", o.model)};
    if (to_file && !ctx.common.force && formats::up_to_date(o.output, manifest))
      return report_up_to_date(ctx, o.output);
  }

  GgufOptions options;
  options.type = formats::ggml_type_from_name(o.type);  // nothing for auto
  options.tokenizer = o.tokenizer;
  options.name = o.name;
  GgufPlan plan = plan_gguf(model, options, ctx.run.log);
  const std::string type(formats::ggml_type_info(plan.type).name);
  manifest.facts = {{"format", "gguf"},
                    {"type", type},
                    {"parameters", plan.parameters},
                    {"tensors", plan.tensors.size()},
                    {"tokenizer", o.tokenizer}};
  // The manifest inside cannot hold the hash of the file that holds it: it has no outputs.
  plan.metadata.text("ds.manifest", manifest.text());
  const uint64_t size = formats::GgufWriter::planned_size(plan.metadata, plan.tensors);
  if (ctx.common.dry_run) {
    manifest.facts["size"] = size;
    ctx.report(fmt::format("would write {} tensors, {} parameters as {}, about {} bytes, into {}",
                           plan.tensors.size(), plan.parameters, type, size, o.output),
               manifest.facts);
    return kExitOk;
  }
  if (to_file && free_space(o.output) < size)
    throw io_error(fmt::format("{}: needs {} bytes, but less is free", o.output, size),
                   "free some space, or write elsewhere");
  formats::GgufWriter writer(o.output, plan.metadata, plan.tensors);
  if (!write_gguf_tensors(model, plan, writer, ctx.run)) return kExitStopped;
  writer.prepare();
  if (to_file) formats::remove_manifest(o.output);
  const FileDigest digest = writer.commit();
  if (to_file) {
    manifest.outputs = {{base_name(o.output), digest}};
    formats::write_manifest(o.output, manifest);
  }
  if (!ctx.common.depfile.empty()) formats::write_depfile(ctx.common.depfile, o.output, inputs);
  nlohmann::json summary = manifest.facts;
  summary["size"] = digest.size;
  ctx.report(fmt::format("{}: {} parameters as {}, {} bytes", o.output, plan.parameters, type, digest.size),
             summary);
  return kExitOk;
}

}  // namespace

std::function<int(cli::Context&)> gguf_command(cli::OptionTable& t) {
  auto o = std::make_shared<GgufCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::exporting
