// See run.h.
#include "run.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/build_info.h"
#include "base/error.h"
#include "base/io.h"
#include "formats/manifest.h"

namespace ds::clean_tool {
namespace {

bool is_stream(const std::string& path) { return path == "-"; }

std::filesystem::path full_path(const std::string& path) {
  return std::filesystem::weakly_canonical(std::filesystem::absolute(path));
}

// Everything that can be known to be wrong before work starts.
void check_files(const Options& o, const std::vector<formats::CorpusInput>& inputs) {
  std::vector<std::string> read = o.clean.against;
  for (const formats::CorpusInput& input : inputs) read.push_back(input.path);
  for (const std::string& path : o.clean.against) {
    if (!exists(path)) throw io_error(path + ": no such file or folder");
    if (!is_folder(path) && !std::filesystem::is_regular_file(path)) {
      throw usage_error(path + ": --against needs a file", "it is no regular file; save the stream first");
    }
  }
  std::vector<std::string> written;
  for (const std::string& path : {o.output, o.rejects, o.report}) {
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

// The manifest of the run as far as it is known before it: stdin is added afterwards.
formats::Manifest plan(const cli::Context& ctx, const Options& o,
                       const std::vector<formats::CorpusInput>& inputs) {
  formats::Manifest m;
  m.tool = ctx.tool;
  m.version = build_info().version;
  m.options = cli::values(ctx.table, true);
  m.options["rejects"] = !o.rejects.empty();
  m.options["report"] = !o.report.empty();
  m.seed = ctx.common.seed;
  for (const formats::CorpusInput& input : inputs) {
    if (input.stream) continue;
    m.inputs.push_back(formats::describe_input("input", input.path));
  }
  for (const std::string& path : o.clean.against)
    m.inputs.push_back(formats::describe_input("against", path));
  return m;
}

// The input names decide the ids that are made up, so they belong to the work.
void add_names(formats::Manifest& m, const std::vector<formats::CorpusInput>& inputs) {
  auto names = nlohmann::json::array();
  for (const formats::CorpusInput& input : inputs) names.push_back(input.name);
  m.options["names"] = names;
}

int dry_run(cli::Context& ctx, const Options& o, const std::vector<formats::CorpusInput>& inputs) {
  uint64_t bytes = 0;
  auto files = nlohmann::json::array();
  for (const formats::CorpusInput& input : inputs) {
    const uint64_t size = input.stream ? 0 : file_size(input.path);
    bytes += size;
    files.push_back({{"path", input.path}, {"name", input.name}, {"bytes", size}});
  }
  ctx.report(
      fmt::format("would read {} inputs ({} bytes as stored) and write {}", inputs.size(), bytes, o.output),
      {{"inputs", files}, {"bytes", bytes}, {"output", o.output}, {"options", cli::values(ctx.table, true)}});
  return kExitOk;
}

}  // namespace

int run(cli::Context& ctx, const Options& o) {
  if (ctx.common.json && is_stream(o.output)) {
    throw usage_error("--json and -o - both want stdout",
                      "write the data to a file, or the statistics with --report FILE");
  }
  const bool has_manifest = !is_stream(o.output);
  text::CleanOptions options = library_options(o, ctx.common.seed);
  options.hash_streams = has_manifest;
  const std::vector<formats::CorpusInput> inputs = formats::list_corpus(o.inputs, options.corpus.format);
  check_files(o, inputs);
  if (ctx.common.dry_run) return dry_run(ctx, o, inputs);

  bool has_streams = false;
  for (const formats::CorpusInput& input : inputs) has_streams |= input.stream;
  std::optional<OutputLock> locks[3];
  const std::string* const outputs[] = {&o.output, &o.rejects, &o.report};
  for (size_t i = 0; i < 3; ++i) {
    if (!outputs[i]->empty() && !is_stream(*outputs[i])) locks[i].emplace(*outputs[i]);
  }
  formats::Manifest manifest;
  if (has_manifest) {
    manifest = plan(ctx, o, inputs);
    add_names(manifest, inputs);
    const bool others = (o.rejects.empty() || exists(o.rejects)) && (o.report.empty() || exists(o.report));
    if (!has_streams && !ctx.common.force && others && formats::up_to_date(o.output, manifest)) {
      const nlohmann::json facts = formats::read_manifest(o.output)->facts;
      ctx.report(o.output + " is up to date", {{"up_to_date", true}, {"facts", facts}});
      return kExitOk;
    }
  }

  AtomicFile output(o.output);
  std::optional<AtomicFile> rejects, report;
  if (!o.rejects.empty()) rejects.emplace(o.rejects);
  if (!o.report.empty()) report.emplace(o.report);
  text::CleanSinks sinks{[&](std::string_view line) { output.write(line); }, {}};
  if (rejects) sinks.reject = [&](std::string_view line) { rejects->write(line); };
  const text::CleanStats stats = text::clean(inputs, options, sinks, ctx.run);
  if (stats.stopped) return kExitStopped;

  if (report) report->write(stats.to_json().dump(2) + "\n");
  if (rejects) rejects->commit();
  if (report) report->commit();
  // Until the new manifest is there the artifact counts as incomplete, as it should: its parts are being
  // replaced.
  if (has_manifest) remove_file(formats::manifest_path(o.output));
  const FileDigest digest = output.commit();
  if (has_manifest) {
    for (const FileDigest& stream : stats.stream_digests)
      manifest.inputs.push_back({"stdin", stream, nullptr});
    manifest.outputs = {{base_name(o.output), digest}};
    manifest.facts = {{"documents", stats.kept.documents},
                      {"bytes", stats.kept.bytes},
                      {"chars", stats.kept.chars},
                      {"documents_in", stats.in.documents},
                      {"rejected", stats.rejected}};
    formats::write_manifest(o.output, manifest);
    if (!ctx.common.depfile.empty()) {
      std::vector<std::string> read = o.clean.against;
      for (const formats::CorpusInput& input : inputs) {
        if (!input.stream) read.push_back(input.path);
      }
      formats::write_depfile(ctx.common.depfile, o.output, read);
    }
  }
  ctx.report(stats.summary(), stats.to_json());
  return kExitOk;
}

}  // namespace ds::clean_tool
