// ds-clean signatures, cluster, apply: the same work over shards, for several machines (clean/shard.h).
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "artifact_command.h"
#include "artifacts.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "base/part_file.h"
#include "clean/report_html.h"
#include "clean/shard.h"
#include "commands.h"

namespace ds::clean_tool {
namespace {

using nlohmann::json;

struct Sharded {
  Options options;
  std::string shard, decisions;
  bool rejects = false, stats = false, clusters = false;
};

// What the three commands must agree on.
std::string shard_plan(const clean::Recipe& recipe, const Options& o, int64_t seed) {
  return sha256_hex(json{
      {"version", build_info().version},
      {"steps", portable_recipe(recipe, nullptr)},
      {"language", o.recipe.language},
      {"seed", seed}}.dump());
}

// "2/8": the second of eight.
void parse_shard(const std::string& text, clean::CleanOptions& options) {
  if (text.empty()) return;
  const char* end = text.data() + text.size();
  uint64_t part = 0, parts = 0;
  const auto first = std::from_chars(text.data(), end, part);
  const bool slash = first.ec == std::errc() && first.ptr < end && *first.ptr == '/';
  if (!slash || std::from_chars(first.ptr + 1, end, parts).ptr != end || part < 1 || part > parts)
    throw usage_error("--shard: expected I/N with I from 1 to N, found '" + text + "'");
  options.shard = part - 1;
  options.shards = parts;
}

// A folder artifact with its lock and manifest, or nothing when it is there already.
struct FolderArtifact {
  OutputLock lock;
  formats::Manifest manifest;
  std::optional<AtomicFolder> folder;

  FolderArtifact(cli::Context& ctx, const std::string& path, const clean::Recipe& recipe,
                 const std::vector<formats::ManifestInput>& inputs, const json& names = json::array())
      : lock(path), manifest(tools::planned_manifest(ctx)) {
    std::vector<std::string> files;
    manifest.options["steps"] = portable_recipe(recipe, &files);
    manifest.options["names"] = names;
    manifest.seed = ctx.common.seed;
    manifest.inputs = inputs;
    for (const std::string& file : files)
      manifest.inputs.push_back(formats::describe_input("parameter", file));
    if (ctx.common.force || !formats::up_to_date(path, manifest)) folder.emplace(path);
  }
  void commit() {
    for (const std::string& name : list_folder(folder->path()))
      manifest.outputs.push_back({name, digest_file(folder->file(name))});
    formats::write_manifest(folder->path(), manifest);
    folder->commit();
  }
};

int run_signatures(cli::Context& ctx, const Sharded& o) {
  const clean::Recipe recipe = chosen_recipe(ctx.table, o.options.recipe);
  const clean::Pipeline pipeline(recipe, step_env(o.options.recipe, ctx.common.seed));
  clean::CleanOptions options = library_options(o.options, ctx.common.seed);
  options.plan = shard_plan(recipe, o.options, ctx.common.seed);
  options.all_values = o.stats;
  options.corpus.threads = ctx.run.threads;
  options.corpus.hash = false;
  parse_shard(o.shard, options);
  const std::string& output = o.options.out.output;
  refuse_output_is_input(output, o.options.in.inputs);
  check_output(output, OutputKind::folder);
  std::vector<formats::ManifestInput> described;
  std::vector<formats::CorpusInput> inputs;
  auto names = json::array();
  if (o.decisions.empty()) {
    inputs = formats::list_corpus(o.options.in.inputs, options.corpus.format);
    for (const formats::CorpusInput& input : inputs) {
      names.push_back(input.name);
      if (input.stream) throw usage_error(input.path + ": a shard needs files", "save the stream first");
      described.push_back(formats::describe_input("input", input.path));
    }
  } else {
    if (o.options.in.inputs.size() != 1) throw usage_error("with --decisions, name one shard");
    described.push_back(formats::describe_input("shard", o.options.in.inputs[0]));
    described.push_back(formats::describe_input("decisions", o.decisions));
  }
  FolderArtifact artifact(ctx, output, recipe, described, names);
  if (!artifact.folder) return tools::report_up_to_date(ctx, output);
  const std::string& folder = artifact.folder->path();
  const clean::CleanStats stats =
      o.decisions.empty()
          ? clean::sign_shard(inputs, pipeline, options, {o.rejects, o.stats, o.clusters}, folder, ctx.run)
          : clean::advance_shard(o.options.in.inputs[0], o.decisions, pipeline, options, folder, ctx.run);
  if (stats.stopped) return kExitStopped;
  const clean::ShardFacts facts = clean::shard_facts(folder, pipeline);
  artifact.manifest.facts = {{"documents", facts.documents}, {"corpus_steps_left", facts.corpus_steps_left}};
  artifact.commit();
  ctx.report(fmt::format("{}: {} documents signed", output, facts.documents), artifact.manifest.facts);
  return kExitOk;
}

int run_cluster(cli::Context& ctx, const Sharded& o) {
  const clean::Recipe recipe = chosen_recipe(ctx.table, o.options.recipe);
  const clean::Pipeline pipeline(recipe, step_env(o.options.recipe, ctx.common.seed));
  clean::CleanOptions options = library_options(o.options, ctx.common.seed);
  options.plan = shard_plan(recipe, o.options, ctx.common.seed);
  const std::string& output = o.options.out.output;
  refuse_output_is_input(output, o.options.in.inputs);
  check_output(output, OutputKind::folder);
  std::vector<formats::ManifestInput> described;
  for (const std::string& shard : o.options.in.inputs)
    described.push_back(formats::describe_input("shard", shard));
  FolderArtifact artifact(ctx, output, recipe, described);
  if (!artifact.folder) return tools::report_up_to_date(ctx, output);
  WorkFolder scratch;
  scratch.path = fresh_folder(o.options.out.tmp_dir);
  clean::cluster_shards(o.options.in.inputs, pipeline, options, artifact.folder->path(), scratch.path,
                        ctx.run);
  if (ctx.run.stop.requested()) return kExitStopped;
  artifact.manifest.facts = {{"shards", o.options.in.inputs.size()}};
  artifact.commit();
  ctx.report(fmt::format("{}: decided over {} shards", output, o.options.in.inputs.size()),
             artifact.manifest.facts);
  return kExitOk;
}

int run_apply(cli::Context& ctx, const Sharded& o) {
  const OutputOptions& out = o.options.out;
  if (o.options.in.inputs.size() != 1) throw usage_error("apply: name one shard");
  const clean::Recipe recipe = chosen_recipe(ctx.table, o.options.recipe);
  const clean::Pipeline pipeline(recipe, step_env(o.options.recipe, ctx.common.seed));
  clean::CleanOptions options = library_options(o.options, ctx.common.seed);
  options.plan = shard_plan(recipe, o.options, ctx.common.seed);
  const std::string& shard = o.options.in.inputs[0];
  const std::string* const paths[] = {&out.output, &out.rejects, &out.stats, &out.clusters};
  std::optional<OutputLock> locks[5];
  for (size_t i = 0; i < 4; ++i) {
    if (paths[i]->empty() || is_stream(*paths[i])) continue;
    check_output(*paths[i], OutputKind::file);
    locks[i].emplace(*paths[i]);
  }
  if (!out.report.empty()) locks[4].emplace(out.report);
  formats::Manifest manifest = tools::planned_manifest(ctx);
  manifest.seed = ctx.common.seed;
  manifest.options["steps"] = portable_recipe(recipe, nullptr);
  manifest.inputs = {formats::describe_input("shard", shard),
                     formats::describe_input("decisions", o.decisions)};
  const bool has_manifest = !is_special_output(out.output);
  bool others = true;
  for (const std::string* path : {&out.rejects, &out.stats, &out.clusters, &out.report})
    others &= path->empty() || exists(*path);
  if (has_manifest && !ctx.common.force && others && formats::up_to_date(out.output, manifest))
    return tools::report_up_to_date(ctx, out.output);

  WorkFolder scratch;
  scratch.path = fresh_folder(out.tmp_dir);
  std::optional<PartFile> files[4];
  for (size_t i = 0; i < 4; ++i) {
    if (!paths[i]->empty()) files[i].emplace(*paths[i], i == 0 && has_manifest);
  }
  const auto sink = [&](size_t i) -> LineSink* { return files[i] ? &*files[i] : nullptr; };
  options.all_values = !out.stats.empty();
  const clean::CleanStats stats = clean::apply_shard(
      shard, o.decisions, pipeline, options, {sink(0), sink(1), sink(2), sink(3)}, scratch.path, ctx.run);
  if (stats.stopped) return kExitStopped;
  const json report = clean::report_json(stats, pipeline);
  if (!out.report.empty()) {
    const std::string extension = extension_of(out.report);
    write_file(out.report, extension == ".html" || extension == ".htm"
                               ? clean::report_html(report, base_name(out.output))
                               : report.dump(2) + "\n");
  }
  FileDigest digest;
  for (size_t i = 4; i-- > 0;) {
    if (files[i]) digest = files[i]->finish();
  }
  if (has_manifest) remove_file(formats::manifest_path(out.output));
  for (size_t i = 4; i-- > 0;) {
    if (files[i]) files[i]->place();
  }
  if (has_manifest) {
    manifest.outputs = {{base_name(out.output), digest}};
    manifest.facts = {{"documents", stats.kept.documents},
                      {"bytes", stats.kept.bytes},
                      {"chars", stats.kept.chars},
                      {"documents_in", stats.in.documents},
                      {"rejected", stats.rejected}};
    formats::write_manifest(out.output, manifest);
  }
  ctx.report(clean::summary_text(stats), report);
  return kExitOk;
}

void declare_decisions(cli::OptionTable& t, Sharded& o, bool required) {
  auto& option =
      t.add("--decisions", o.decisions, "DIR", "what ds-clean cluster has written").not_in_manifest();
  if (required) option.required();
}

}  // namespace

Body signatures_command(cli::OptionTable& t) {
  auto o = std::make_shared<Sharded>();
  t.positional("INPUT", &o->options.in.inputs, "what ds-clean reads; with --decisions a shard")
      .required()
      .not_in_manifest();
  t.group("Shard");
  t.add("-o,--output", o->options.out.output, "DIR", "the shard to write").required().not_in_manifest();
  t.add("--shard", o->shard, "I/N", "read the I-th of N parts of the inputs; compressed files are not cut");
  declare_decisions(t, *o, false);
  t.flag("--rejects", o->rejects, "gather the documents left out, for apply --rejects");
  t.flag("--stats", o->stats, "gather every rule's value, for apply --stats");
  t.flag("--clusters", o->clusters, "gather the groups of duplicates, for apply --clusters");
  declare_inputs(t, o->options.in);
  t.add("--sample", o->options.in.sample, "RATE",
        "look at this share of the documents only, chosen by id and --seed")
      .range(0, 1);
  declare_recipe(t, o->options.recipe);
  declare_short(t, o->options.recipe);
  return [o](cli::Context& ctx) { return run_signatures(ctx, *o); };
}

Body cluster_command(cli::OptionTable& t) {
  auto o = std::make_shared<Sharded>();
  t.positional("SHARD", &o->options.in.inputs, "the shards that ds-clean signatures wrote, in order")
      .required()
      .not_in_manifest();
  t.group("Decisions");
  t.add("-o,--output", o->options.out.output, "DIR", "the decisions to write").required().not_in_manifest();
  declare_recipe(t, o->options.recipe);
  declare_short(t, o->options.recipe);
  declare_work(t, o->options.out);
  return [o](cli::Context& ctx) { return run_cluster(ctx, *o); };
}

Body apply_command(cli::OptionTable& t) {
  auto o = std::make_shared<Sharded>();
  t.positional("SHARD", &o->options.in.inputs, "a shard that the decisions are about")
      .required()
      .not_in_manifest();
  declare_outputs(t, o->options.out);
  t.add("--stats", o->options.out.stats, "FILE", "JSONL of every rule's value for each document")
      .not_in_manifest();
  t.add("--clusters", o->options.out.clusters, "FILE", "JSONL of the documents that have duplicates")
      .not_in_manifest();
  t.group("Shard");
  declare_decisions(t, *o, true);
  declare_recipe(t, o->options.recipe);
  declare_short(t, o->options.recipe);
  declare_work(t, o->options.out);
  t.check([o] {
    if (o->options.out.output.empty()) throw usage_error("-o/--output is required");
  });
  return [o](cli::Context& ctx) { return run_apply(ctx, *o); };
}

}  // namespace ds::clean_tool
