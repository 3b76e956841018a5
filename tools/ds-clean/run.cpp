// See run.h.
#include "run.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "artifacts.h"
#include "base/atomic_file.h"
#include "base/build_info.h"
#include "base/error.h"
#include "base/io.h"
#include "base/part_file.h"
#include "clean/checkpoint.h"
#include "clean/explain.h"
#include "clean/report_html.h"
#include "formats/json_file.h"
#include "formats/manifest.h"

namespace ds::clean_tool {
namespace {

using nlohmann::json;

std::filesystem::path full_path(const std::string& path) {
  return std::filesystem::weakly_canonical(std::filesystem::absolute(path));
}

// Everything that can be known to be wrong before work starts.
void check_files(const Options& o, const std::vector<formats::CorpusInput>& inputs) {
  std::vector<std::string> read = o.recipe.against;
  for (const formats::CorpusInput& input : inputs) read.push_back(input.path);
  for (const std::string& path : o.recipe.against) {
    if (!exists(path)) throw io_error(path + ": no such file or folder");
    if (!is_folder(path) && !std::filesystem::is_regular_file(path)) {
      throw usage_error(path + ": --against needs a file", "it is no regular file; save the stream first");
    }
  }
  std::vector<std::string> written;
  for (const std::string& path : {o.out.output, o.out.rejects, o.out.report, o.out.stats, o.out.clusters}) {
    if (path.empty()) continue;
    refuse_output_is_input(path, read);
    for (const std::string& other : written) {
      const bool same = full_path(path) == full_path(other);
      if (same || same_file(path, other)) throw usage_error(path + ": named as two outputs");
    }
    if (!is_stream(path)) check_output(path, OutputKind::file);
    written.push_back(path);
  }
}

// What is done, as the manifest has it: without inputs.
formats::Manifest planned(const cli::Context& ctx, const Options& o, const clean::Recipe& recipe,
                          const std::vector<formats::CorpusInput>& inputs, std::vector<std::string>* files) {
  formats::Manifest m;
  m.tool = ctx.tool;
  m.version = build_info().version;
  m.command = ctx.command;
  m.options = cli::values(ctx.table, true);
  m.options["steps"] = portable_recipe(recipe, files);
  m.options["rejects"] = !o.out.rejects.empty();
  m.options["report"] = !o.out.report.empty();
  m.options["stats"] = !o.out.stats.empty();
  m.options["clusters"] = !o.out.clusters.empty();
  // The input names decide the ids that are made up, so they belong to the work.
  m.options["names"] = json::array();
  for (const formats::CorpusInput& input : inputs) m.options["names"].push_back(input.name);
  m.seed = ctx.common.seed;
  return m;
}

// The manifest beside the output may be of this very work: worth reading the inputs for.
bool may_be_done(const std::string& output, const formats::Manifest& plan,
                 const std::vector<formats::CorpusInput>& inputs) {
  std::optional<formats::Manifest> found;
  try {
    found = formats::read_manifest(output);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
  }
  if (!found || found->inputs.size() < inputs.size()) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].stream || found->inputs[i].digest.size != file_size(inputs[i].path)) return false;
  }
  formats::Manifest same = plan;
  same.inputs = found->inputs;
  return found->same_work(same);
}

int dry_run(cli::Context& ctx, const Options& o, const clean::Recipe& recipe,
            const std::vector<formats::CorpusInput>& inputs) {
  uint64_t bytes = 0;
  auto files = json::array(), names = json::array();
  std::string steps;
  for (const formats::CorpusInput& input : inputs) {
    const uint64_t size = input.stream ? 0 : file_size(input.path);
    bytes += size;
    files.push_back({{"path", input.path}, {"name", input.name}, {"bytes", size}});
  }
  for (const clean::StepSpec& spec : recipe)
    steps += fmt::format("{}{}", steps.empty() ? "" : ", ", spec.kind->name);
  ctx.report(fmt::format("would read {} inputs ({} bytes as stored), run {} and write {}", inputs.size(),
                         bytes, steps.empty() ? "no step" : steps, o.out.output),
             {{"inputs", files},
              {"bytes", bytes},
              {"output", o.out.output},
              {"options", cli::values(ctx.table, true)},
              {"steps", clean::recipe_as_json(recipe)}});
  return kExitOk;
}

// Collects the line of --explain.
struct Collected final : LineSink {
  std::string text;
  void write(std::string_view lines) override { text += lines; }
  bool restore(uint64_t) override {
    text.clear();
    return true;
  }
};

int explain(cli::Context& ctx, const Options& o, const clean::Pipeline& pipeline, clean::CleanOptions options,
            const std::vector<formats::CorpusInput>& inputs) {
  WorkFolder work;
  for (const clean::Stage& stage : pipeline.stages()) {
    if (stage.is_corpus() && work.path.empty()) work.path = options.work_folder = fresh_folder(o.out.tmp_dir);
  }
  Collected lines;
  const clean::CleanStats stats =
      clean::clean(inputs, pipeline, options, {nullptr, nullptr, &lines}, ctx.run);
  if (stats.stopped) return kExitStopped;
  if (lines.text.empty())
    throw usage_error(fmt::format("--explain: no document has the id \"{}\"", o.out.explain),
                      "a document without an id has NAME:N, N counting the records of its file");
  const json values =
      formats::json_or_discarded(std::string_view(lines.text).substr(0, lines.text.find('\n')));
  if (ctx.common.json) {
    ctx.report("", clean::explain_json(values, pipeline));
  } else {
    write_all(1, clean::explain_text(values, pipeline), "<stdout>");
  }
  return kExitOk;
}

// A result file and its lock.
struct Result {
  std::string path;
  std::optional<OutputLock> lock;
  std::optional<PartFile> file;
  FileDigest digest;
  explicit Result(const std::string& p) : path(p) {
    if (!path.empty() && !is_stream(path)) lock.emplace(path);
  }
  void open(bool hash) {
    if (!path.empty()) file.emplace(path, hash);
  }
  LineSink* sink() { return file ? &*file : nullptr; }
};

}  // namespace

int run(cli::Context& ctx, const Options& o, const clean::Recipe& recipe) {
  if (o.out.output.empty() && o.out.explain.empty())
    throw usage_error("-o/--output is required", "'ds-clean --help' shows the options");
  if (ctx.common.json && is_stream(o.out.output)) {
    throw usage_error("--json and -o - both want stdout",
                      "write the data to a file, or the statistics with --report FILE");
  }
  const bool has_manifest = !is_special_output(o.out.output);
  clean::CleanOptions options = library_options(o, ctx.common.seed);
  options.hash_inputs = options.corpus.hash = has_manifest;
  options.corpus.threads = ctx.run.threads;
  const std::vector<formats::CorpusInput> inputs = formats::list_corpus(o.in.inputs, options.corpus.format);
  check_files(o, inputs);
  const clean::Pipeline pipeline(recipe, step_env(o.recipe, ctx.common.seed));
  if (ctx.common.dry_run) return dry_run(ctx, o, recipe, inputs);
  if (!o.out.explain.empty()) return explain(ctx, o, pipeline, options, inputs);

  bool has_streams = false;
  for (const formats::CorpusInput& input : inputs) has_streams |= input.stream;
  Result output(o.out.output), rejects(o.out.rejects), stats_file(o.out.stats), clusters(o.out.clusters);
  std::optional<OutputLock> report_lock;
  if (!o.out.report.empty()) report_lock.emplace(o.out.report);

  WorkFolder work, spill;
  std::vector<std::string> files;  // that parameters name
  formats::Manifest manifest = planned(ctx, o, recipe, inputs, &files);
  if (has_manifest) {
    work.path = options.work_folder = path_beside(o.out.output, ".ds-work");
    for (const std::string& path : files)
      manifest.inputs.push_back(formats::describe_input("parameter", path));
    bool others = true;
    for (const std::string* path : {&o.out.rejects, &o.out.report, &o.out.stats, &o.out.clusters})
      others &= path->empty() || exists(*path);
    if (!has_streams && !ctx.common.force && others) {
      formats::Manifest plan = manifest;
      std::vector<formats::ManifestInput> parameters = std::move(plan.inputs);
      plan.inputs.clear();
      if (may_be_done(o.out.output, plan, inputs)) {
        for (const formats::CorpusInput& input : inputs)
          plan.inputs.push_back(formats::describe_input("input", input.path));
        plan.inputs.insert(plan.inputs.end(), parameters.begin(), parameters.end());
        if (formats::up_to_date(o.out.output, plan)) {
          const json facts = formats::read_manifest(o.out.output)->facts;
          ctx.report(o.out.output + " is up to date", {{"up_to_date", true}, {"facts", facts}});
          return kExitOk;
        }
      }
    }
    if (!has_streams) options.plan = plan_of(manifest.to_json(), recipe, inputs);
    options.resume = ctx.common.force || ctx.common.resume == "never" ? clean::Resume::never
                     : ctx.common.resume == "must"                    ? clean::Resume::must
                                                                      : clean::Resume::automatic;
    if (!o.out.tmp_dir.empty())
      spill.path = options.spill_folder =
          join_path(o.out.tmp_dir, fmt::format("ds-clean-{:016x}", xxh64(full_path(o.out.output).string())));
  } else {
    work.path = options.work_folder = fresh_folder(o.out.tmp_dir);
  }

  output.open(has_manifest);
  rejects.open(false);
  stats_file.open(false);
  clusters.open(false);
  const auto keep_state = [&] {
    if (!clean::has_checkpoint(work.path)) return false;
    work.keep = spill.keep = true;
    for (Result* r : {&output, &rejects, &stats_file, &clusters}) {
      if (r->file) r->file->keep();
    }
    return true;
  };
  const clean::CleanSinks sinks{output.sink(), rejects.sink(), stats_file.sink(), clusters.sink()};
  std::optional<clean::CleanStats> result;
  try {
    result = clean::clean(inputs, pipeline, options, sinks, ctx.run);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::io || error.kind() == ErrorKind::resource) keep_state();
    throw;
  }
  const clean::CleanStats& stats = *result;
  if (stats.stopped) {
    if (keep_state()) ctx.run.log.info("stopped; the same command goes on from here");
    return kExitStopped;
  }

  const json report = clean::report_json(stats, pipeline);
  std::optional<AtomicFile> report_file;
  if (!o.out.report.empty()) {
    const std::string extension = extension_of(o.out.report);
    const bool page = extension == ".html" || extension == ".htm";
    report_file.emplace(o.out.report);
    report_file->write(page ? clean::report_html(report, base_name(o.out.output)) : report.dump(2) + "\n");
    report_file->prepare();
  }
  for (Result* r : {&rejects, &stats_file, &clusters, &output}) {
    if (r->file) r->digest = r->file->finish();
  }
  // Until the new manifest is there the artifact counts as incomplete, as it should: its parts are being
  // replaced.
  if (has_manifest) remove_file(formats::manifest_path(o.out.output));
  if (report_file) report_file->commit();
  for (Result* r : {&rejects, &stats_file, &clusters, &output}) {
    if (r->file) r->file->place();
  }
  if (has_manifest) {
    std::vector<formats::ManifestInput> described_inputs, streams;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const bool known = i < stats.input_digests.size();
      if (inputs[i].stream) {
        if (known) streams.push_back({"stdin", stats.input_digests[i], nullptr});
      } else {
        described_inputs.push_back(
            known ? formats::described_input("input", inputs[i].path, stats.input_digests[i])
                  : formats::describe_input("input", inputs[i].path));
      }
    }
    described_inputs.insert(described_inputs.end(), manifest.inputs.begin(), manifest.inputs.end());
    described_inputs.insert(described_inputs.end(), streams.begin(), streams.end());
    manifest.inputs = std::move(described_inputs);
    manifest.outputs = {{base_name(o.out.output), output.digest}};
    manifest.facts = {{"documents", stats.kept.documents},
                      {"bytes", stats.kept.bytes},
                      {"chars", stats.kept.chars},
                      {"documents_in", stats.in.documents},
                      {"rejected", stats.rejected}};
    if (!recipe.empty()) manifest.facts["fingerprint"] = stats.fingerprint.documents().hex();
    formats::write_manifest(o.out.output, manifest);
    if (!ctx.common.depfile.empty()) {
      std::vector<std::string> read = files;
      for (const formats::CorpusInput& input : inputs) {
        if (!input.stream) read.push_back(input.path);
      }
      formats::write_depfile(ctx.common.depfile, o.out.output, read);
    }
  }
  ctx.report(clean::summary_text(stats), report);
  return kExitOk;
}

}  // namespace ds::clean_tool
