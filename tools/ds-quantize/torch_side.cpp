// The torch side of ds-quantize: the plan, the loss before, the folder, the loss after, the gate, the commit.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>

#include "arch/config.h"
#include "base/atomic_file.h"
#include "base/build_info.h"
#include "base/error.h"
#include "base/io.h"
#include "ds-quantize/options.h"
#include "eval/perplexity.h"
#include "nn/device.h"
#include "nn/torch_pch.h"
#include "quant/quantise.h"
#include "torch_entry.h"

namespace ds::quantize {

namespace {

using nlohmann::json;
using tools::TorchCall;

constexpr const char* kReport = "quantization_report.json";

quant::Options scheme(const Options& o) {
  const bool four = o.scheme == "int4";
  const int64_t own = four ? 128 : 0;
  return {four ? 4 : 8, o.group_size > 0 ? o.group_size : o.group_size < 0 ? 0 : own, o.ignore};
}

// A folder of anything else is not replaced unawares.
void refuse_other_folder(const std::string& output, bool force) {
  if (force || !exists(output) || !is_folder(output) || list_folder(output).empty()) return;
  const auto manifest = formats::read_manifest(output);
  if (manifest && manifest->tool == "ds-quantize") return;
  throw usage_error(output + ": is there, and is no output of ds-quantize",
                    "choose another output, or replace it with -f");
}

// What --data asks for, checked before any work.
struct Measure {
  std::optional<formats::TokenDataset> data;
  eval::PerplexityOptions options;

  Measure(const Options& o, const arch::ModelConfig& config) {
    if (o.data.empty()) return;
    data.emplace(o.data);
    options = {.seq_len = o.seq_len > 0 ? o.seq_len : std::min<int64_t>(1024, config.max_positions),
               .stride = o.stride,
               .batch_size = o.batch_size,
               .document_mask = o.document_mask};
    if (options.seq_len > config.max_positions) {
      throw usage_error(fmt::format("--seq-len {}: the model's max_position_embeddings is {}", o.seq_len,
                                    config.max_positions));
    }
    if (options.stride > options.seq_len)
      throw usage_error("--stride: more than --seq-len, so tokens would be left out");
  }

  double loss(TorchCall& call, const Options& o, const formats::ModelFolder& folder,
              const arch::ModelConfig& config) const {
    const at::Device device = nn::open_device(call.device);
    nn::ParameterStore store(config, {.device = device, .compute = nn::open_precision(o.precision, device)});
    store.load(folder);
    const auto model = models::make_model(config, store, options.seq_len);
    return eval::perplexity(*model, *data, options, nullptr, call.run).loss();
  }
};

formats::Manifest planned(const TorchCall& call, const Options& o, const Measure& measure) {
  formats::Manifest m;
  m.tool = call.tool;
  m.version = build_info().version;
  m.command = call.command;
  m.options = call.manifest_options;
  m.inputs = {formats::describe_input("model", o.model)};
  if (measure.data) {
    const formats::TokenDataset& d = *measure.data;
    if (d.manifest()) {
      m.inputs.push_back(formats::describe_input("data", d.prefix()));
    } else {
      for (const char* end : {".bin", ".idx"})
        m.inputs.push_back(formats::describe_input("data", d.prefix() + end));
    }
  }
  return m;
}

std::vector<std::string> input_files(const formats::ModelFolder& folder, const Measure& measure) {
  std::vector<std::string> files = {folder.config_path};
  for (const auto& f : folder.files) files.push_back(f->path());
  for (const std::string& name : folder.tokenizer_files) files.push_back(join_path(folder.folder, name));
  if (measure.data) {
    for (const char* end : {".bin", ".idx"}) files.push_back(measure.data->prefix() + end);
  }
  return files;
}

std::string size_text(uint64_t bytes) {
  const auto b = static_cast<double>(bytes);
  return b < 1e6 ? fmt::format("{:.1f} kB", b / 1e3) : fmt::format("{:.1f} MB", b / 1e6);
}

// The numbers of the report without its list of layers: for the manifest, --json and people.
struct Summary {
  json object;
  std::string human;

  Summary(const Options& o, const quant::Plan& plan, const json& loss) {
    const auto quantised = std::count_if(plan.layers().begin(), plan.layers().end(),
                                         [](const quant::Layer& l) { return l.quantised(); });
    const double ratio = static_cast<double>(plan.bytes_before()) / static_cast<double>(plan.bytes_after());
    object = {{"scheme", o.scheme},
              {"bits", plan.quantization().bits},
              {"group_size", plan.quantization().group > 0 ? json(plan.quantization().group) : json()},
              {"layers", plan.layers().size()},
              {"quantised_layers", quantised},
              {"bytes_before", plan.bytes_before()},
              {"bytes_after", plan.bytes_after()}};
    human = fmt::format("{}: {} of {} layers to {}, {} -> {} ({:.2f}x smaller)", o.output, quantised,
                        plan.layers().size(), o.scheme, size_text(plan.bytes_before()),
                        size_text(plan.bytes_after()), ratio);
    if (loss.is_null()) return;
    object["loss"] = loss;
    human += fmt::format(", loss {:.4f} -> {:.4f} ({:+.2f} %)", loss["before"].get<double>(),
                         loss["after"].get<double>(), 100 * loss["relative_increase"].get<double>());
  }
};

int run(TorchCall& call, const Options& o) {
  nn::keep_freed_memory();
  at::set_num_threads(call.run.threads);
  refuse_output_is_input(o.output, {o.model});
  check_output(o.output, OutputKind::folder);
  const formats::ModelFolder folder = formats::open_model_folder(o.model);
  if (!folder.has_weights())
    throw data_error(folder.path + ": no weights", "give a model folder, not a bare config.json");
  const arch::ModelConfig config = arch::parse_config(folder.config, folder.config_path);
  quant::Plan plan(folder, config, scheme(o));
  const Measure measure(o, config);
  if (measure.data) nn::open_precision(o.precision, nn::open_device(call.device));
  if (call.dry_run) {
    const Summary summary(o, plan, {});
    call.report("would write " + summary.human, summary.object);
    return kExitOk;
  }
  refuse_other_folder(o.output, call.force);
  const OutputLock lock(o.output);
  formats::Manifest manifest = planned(call, o, measure);
  if (!call.force && formats::up_to_date(o.output, manifest)) {
    call.report(o.output + ": up to date", formats::read_manifest(o.output)->facts);
    return kExitOk;
  }
  if (free_space(o.output) < plan.bytes_after())
    throw io_error(fmt::format("{}: needs {}, but less is free", o.output, size_text(plan.bytes_after())),
                   "free some space, or write elsewhere");
  if (const std::string left = plan.left_out(); !left.empty()) call.run.log.warn(left);

  const double before = measure.data ? measure.loss(call, o, folder, config) : 0.0;
  if (call.run.stop.requested()) return kExitStopped;
  AtomicFolder out(o.output);
  manifest.outputs = plan.write(out.path(), call.run);
  if (call.run.stop.requested()) return kExitStopped;
  json loss;
  if (measure.data) {
    const formats::ModelFolder smaller = formats::open_model_folder(out.path());
    const double after =
        measure.loss(call, o, smaller, arch::parse_config(smaller.config, smaller.config_path));
    if (call.run.stop.requested()) return kExitStopped;
    loss = {{"before", before},
            {"after", after},
            {"increase", after - before},
            {"relative_increase", (after - before) / before}};
  }
  const Summary summary(o, plan, loss);
  for (const quant::Layer& l : plan.layers()) {
    call.run.log.verbose(l.quantised() ? fmt::format("{}: relative error {:.5f}", l.name, l.error)
                                       : fmt::format("{}: stays, {}", l.name, l.reason));
  }
  if (o.max_loss_increase >= 0 && !(loss["relative_increase"].get<double>() <= o.max_loss_increase)) {
    call.run.log.error(
        fmt::format("{}: not written: the loss rises by {:.2f} %, --max-loss-increase is {:.2f} %", o.output,
                    100 * loss["relative_increase"].get<double>(), 100 * o.max_loss_increase),
        o.scheme == "int4" ? "use a smaller --group-size, --ignore some layers, or --scheme int8"
                           : "use a --group-size, or --ignore some layers");
    call.report(summary.human, summary.object);
    return kExitNo;
  }
  json report = plan.report();
  report["scheme"] = o.scheme;
  report["loss"] = loss;
  manifest.outputs.push_back({kReport, write_file(out.file(kReport), formats::pretty_json(report))});
  std::sort(manifest.outputs.begin(), manifest.outputs.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  manifest.facts = summary.object;
  formats::write_manifest(out.path(), manifest);
  out.commit();
  if (!call.depfile.empty())
    formats::write_depfile(call.depfile, formats::manifest_path(o.output), input_files(folder, measure));
  call.report(summary.human, summary.object);
  return kExitOk;
}

}  // namespace

}  // namespace ds::quantize

extern "C" int ds_quantize_run(ds::tools::TorchCall& call, const ds::quantize::Options& options) {
  return ds::nn::guarded([&] { return ds::quantize::run(call, options); });
}
