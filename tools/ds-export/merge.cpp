// ds-export merge: model folder (+ adapter) -> plain model folder.
#include "export/merge.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "ds-export/commands.h"
#include "ds-export/options.h"

namespace ds::exporting {
namespace {

std::optional<formats::DType> dtype_of(const std::string& name) {
  if (name == "float32") return formats::DType::f32;
  if (name == "bfloat16") return formats::DType::bf16;
  if (name == "float16") return formats::DType::f16;
  return std::nullopt;
}

std::vector<std::string> files_of(const formats::ModelFolder& model, const std::string& adapter) {
  std::vector<std::string> files = {model.config_path};
  for (const auto& file : model.files) files.push_back(file->path());
  for (const std::string& name : model.tokenizer_files) files.push_back(join_path(model.folder, name));
  if (!adapter.empty()) {
    for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
      files.push_back(join_path(adapter, name));
  }
  return files;
}

// A folder is replaced as a whole: only what this program wrote is, never a training run or other files.
void refuse_other_folder(const std::string& output, bool force) {
  if (force || !exists(output) || list_folder(output).empty()) return;
  std::optional<formats::Manifest> found;
  try {
    found = formats::read_manifest(output);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::data) throw;
  }
  if (!found || found->tool != "ds-export") {
    throw usage_error(output + ": is there and was not written by ds-export",
                      "choose another name; -f replaces the folder with everything in it");
  }
}

int run(cli::Context& ctx, const MergeCommand& o) {
  const formats::ModelFolder model = formats::open_model_folder(o.model);
  std::optional<formats::PeftAdapter> adapter;
  if (!o.adapter.empty()) adapter = formats::read_peft_adapter(o.adapter);
  std::vector<std::string> folders = {o.model};
  if (adapter) folders.push_back(o.adapter);
  refuse_output_is_input(o.output, folders);
  check_output(o.output, OutputKind::folder);
  refuse_other_folder(o.output, ctx.common.force);
  std::optional<OutputLock> lock;
  formats::Manifest manifest = planned_manifest(ctx);
  if (!ctx.common.dry_run) {
    lock.emplace(o.output);
    manifest.inputs = {formats::describe_input("model", o.model)};
    if (adapter) manifest.inputs.push_back(formats::describe_input("adapter", o.adapter));
    if (!ctx.common.force && formats::up_to_date(o.output, manifest)) return report_up_to_date(ctx, o.output);
  }

  const formats::PeftAdapter* added = adapter ? &*adapter : nullptr;
  const MergePlan plan = plan_merge(model, added, {dtype_of(o.dtype), o.max_shard_size});
  manifest.facts = {{"parameters", plan.parameters},
                    {"tensors", plan.folder.tensors.size()},
                    {"merged_tensors", plan.merged},
                    {"replaced_tensors", plan.replaced}};
  if (ctx.common.dry_run) {
    manifest.facts["bytes"] = plan.bytes;
    ctx.report(fmt::format("would write {} tensors ({} merged, {} replaced), {} bytes, into {}",
                           plan.folder.tensors.size(), plan.merged, plan.replaced, plan.bytes, o.output),
               manifest.facts);
    return kExitOk;
  }
  if (free_space(o.output) < plan.bytes)
    throw io_error(fmt::format("{}: needs {} bytes, but less is free", o.output, plan.bytes),
                   "free some space, or write elsewhere");
  AtomicFolder folder(o.output);
  const auto outputs = write_merged(model, added, plan, folder.path(), ctx.run);
  if (!outputs) return kExitStopped;
  manifest.outputs = *outputs;
  formats::write_manifest(folder.path(), manifest);
  folder.commit();
  if (!ctx.common.depfile.empty()) {
    formats::write_depfile(ctx.common.depfile, join_path(o.output, "manifest.json"),
                           files_of(model, o.adapter));
  }
  nlohmann::json summary = manifest.facts;
  summary["bytes"] = plan.bytes;
  ctx.report(fmt::format("{}: {} parameters, {} tensors ({} merged, {} replaced), {} bytes", o.output,
                         plan.parameters, plan.folder.tensors.size(), plan.merged, plan.replaced, plan.bytes),
             summary);
  return kExitOk;
}

}  // namespace

std::function<int(cli::Context&)> merge_command(cli::OptionTable& t) {
  auto o = std::make_shared<MergeCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::exporting
