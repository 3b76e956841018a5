// ds-tokenize merge, shuffle, mix, split: token data from token data; pack: a plan of training rows over it.
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "data/dataset_order.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/dataset_options.h"

namespace ds::tokenize {
namespace {

using formats::TokenDataset;

// "PATH=WEIGHT".
std::pair<std::string, double> weighted(const std::string& argument) {
  const size_t at = argument.rfind('=');
  char* end = nullptr;
  const double weight = at == std::string::npos ? 0 : std::strtod(argument.c_str() + at + 1, &end);
  if (!(weight > 0) || weight > 1e12 || *end != '\0')
    throw usage_error(argument + ": DATA=WEIGHT is expected, with a weight above 0",
                      "for example web=0.7 code=0.3");
  return {argument.substr(0, at), weight};
}

// The tokenizer that travels with the data, when one input has it.
std::string tokenizer_beside(const std::vector<TokenDataset>& sets) {
  for (const TokenDataset& s : sets) {
    const std::string path = s.prefix() + ".tokenizer.json";
    if (exists(path)) return path;
  }
  return {};
}

// The outputs of one dataset: the writer's, the tokenizer's copy, the manifest last.
void finish(formats::TokenDatasetWriter& writer, const std::string& prefix, const std::string& tokenizer,
            formats::Manifest manifest) {
  manifest.facts["documents"] = writer.documents();
  manifest.facts["tokens"] = writer.tokens();
  formats::remove_manifest(prefix);
  manifest.outputs = writer.commit();
  if (!tokenizer.empty()) {
    const std::string copy = prefix + ".tokenizer.json";
    manifest.outputs.push_back({base_name(copy), write_file(copy, read_file(tokenizer))});
  }
  formats::write_manifest(prefix, manifest);
}

std::vector<std::string> dataset_files(const std::string& prefix) {
  return {prefix + ".bin", prefix + ".idx"};
}

int run(cli::Context& ctx, const DatasetCommand& o, DatasetOperation operation) {
  std::vector<std::string> names = o.inputs;
  data::Mixture mixture;
  if (operation == DatasetOperation::mix) {
    for (std::string& name : names) {
      const auto [path, weight] = weighted(name);
      name = path;
      mixture.weights.push_back(weight);
    }
  }
  std::vector<TokenDataset> sets;
  std::vector<std::string> files;
  for (std::string& name : names) {
    name = formats::dataset_prefix(name);
    for (const std::string& file : dataset_files(name)) files.push_back(file);
    sets.emplace_back(name);
  }
  const std::string output = formats::dataset_prefix(o.output);
  uint64_t tokens = 0;
  for (const TokenDataset& s : sets) tokens += s.tokens();
  const bool split = operation == DatasetOperation::split;
  const uint64_t limit =
      !split         ? 0
      : o.shards > 0 ? (tokens + static_cast<uint64_t>(o.shards) - 1) / static_cast<uint64_t>(o.shards)
                     : o.tokens;
  for (const std::string& file : dataset_files(output)) refuse_output_is_input(file, files);
  check_output(output + ".idx", OutputKind::file);

  formats::Manifest manifest = planned_manifest(ctx);
  manifest.seed = o.seed;
  if (!mixture.weights.empty()) manifest.options["weights"] = mixture.weights;
  for (const TokenDataset& s : sets) {
    for (formats::ManifestInput& input : formats::describe_dataset("data", s))
      manifest.inputs.push_back(std::move(input));
  }
  const data::CommonFacts common = data::common_facts(sets);
  manifest.facts = common.facts;
  manifest.facts["dtype"] = formats::token_type_name(common.type);
  if (ctx.common.dry_run) {
    ctx.report(fmt::format("would write {} tokens of {} dataset(s) to {}", tokens, sets.size(), output),
               manifest.facts);
    return kExitOk;
  }
  const OutputLock lock(output);
  if (!ctx.common.force && formats::up_to_date(output, manifest)) return report_up_to_date(ctx, output);

  std::vector<data::MixtureUse> use;
  mixture.tokens = o.tokens;
  mixture.seed = static_cast<uint64_t>(o.seed);
  const data::DocumentOrder order = operation == DatasetOperation::shuffle
                                        ? data::shuffled(sets, mixture.seed)
                                    : operation == DatasetOperation::mix ? data::mixed(sets, mixture, use)
                                                                         : data::one_after_the_other(sets);
  data::DocumentCopier copier(sets, common);
  const std::string tokenizer = tokenizer_beside(sets);
  ctx.run.progress.start(ctx.command, "tokens", mixture.tokens ? mixture.tokens : tokens);
  nlohmann::json facts = manifest.facts;
  if (!split) {
    formats::TokenDatasetWriter writer(output, common.type, common.extras);
    copier.copy(order, 0, writer, ctx.run);
    if (ctx.run.stop.requested()) return kExitStopped;
    for (size_t i = 0; i < use.size(); ++i) {
      manifest.facts["sources"].push_back({{"name", base_name(names[i])},
                                           {"documents", use[i].documents},
                                           {"tokens", use[i].tokens},
                                           {"epochs", use[i].epochs}});
    }
    finish(writer, output, tokenizer, manifest);
    facts = formats::read_manifest(output)->facts;
    ctx.run.progress.finish();
    ctx.report(fmt::format("{}: {} documents, {} tokens", output, writer.documents(), writer.tokens()),
               facts);
    return kExitOk;
  }

  // Shards get their final names when their number is known; the last manifest is the set's own.
  std::vector<std::string> parts;
  std::vector<uint64_t> sizes;
  uint64_t written = 0;
  const uint64_t count =
      o.shards > 0 ? static_cast<uint64_t>(o.shards) : std::max<uint64_t>(1, (tokens + limit - 1) / limit);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string prefix = fmt::format("{}-{:05}-of-{:05}", output, i, count);
    formats::TokenDatasetWriter writer(prefix, common.type, common.extras);
    // A shard ends where its share of the whole ends; the last one takes what is left.
    const uint64_t share = limit * (i + 1);
    copier.copy(order, i + 1 == count ? 0 : share > written ? share - written : 1, writer, ctx.run);
    written += writer.tokens();
    if (ctx.run.stop.requested()) return kExitStopped;
    sizes.push_back(writer.tokens());
    finish(writer, prefix, tokenizer, manifest);
    parts.push_back(prefix);
  }
  for (const std::string& part : parts) {
    const auto written_manifest = formats::read_manifest(part);
    manifest.outputs.insert(manifest.outputs.end(), written_manifest->outputs.begin(),
                            written_manifest->outputs.end());
  }
  manifest.facts["shards"] = count;
  manifest.facts["tokens"] = tokens;
  manifest.facts["shard_tokens"] = sizes;
  formats::write_manifest(output, manifest);
  ctx.run.progress.finish();
  ctx.report(fmt::format("{}: {} shards, {} tokens", output, count, tokens), manifest.facts);
  return kExitOk;
}

int run(cli::Context& ctx, const PackCommand& o) {
  const std::string prefix = formats::dataset_prefix(o.input);
  refuse_output_is_input(o.output, dataset_files(prefix));
  check_output(o.output, OutputKind::file);
  const TokenDataset data(prefix);
  if (ctx.common.dry_run) {
    ctx.report(fmt::format("would pack {} documents, {} tokens into rows of {}", data.documents(),
                           data.tokens(), o.length),
               {{"documents", data.documents()}, {"tokens", data.tokens()}});
    return kExitOk;
  }
  formats::Manifest manifest = planned_manifest(ctx);
  manifest.seed = o.seed;
  manifest.inputs = formats::describe_dataset("data", data);
  const OutputLock lock(o.output);
  if (!ctx.common.force && formats::up_to_date(o.output, manifest)) return report_up_to_date(ctx, o.output);
  data::PackSummary s;
  const formats::PackPlan plan = data::pack(data, o.options(), s);
  formats::remove_manifest(o.output);
  manifest.outputs = {{base_name(o.output), formats::write_pack_plan(o.output, plan)}};
  manifest.facts = {{"rows", s.rows},     {"pieces", s.pieces},
                    {"tokens", s.tokens}, {"dropped_tokens", s.dropped},
                    {"fill", s.fill},     {"cut_documents", s.cut_documents},
                    {"length", o.length}};
  formats::write_manifest(o.output, manifest);
  if (!ctx.common.depfile.empty())
    formats::write_depfile(ctx.common.depfile, o.output, dataset_files(prefix));
  ctx.report(fmt::format("{}: {} rows of {}, {:.2f} % full, {} documents cut, {} tokens dropped", o.output,
                         s.rows, o.length, 100 * s.fill, s.cut_documents, s.dropped),
             manifest.facts);
  return kExitOk;
}

template <DatasetOperation operation>
std::function<int(cli::Context&)> dataset_command(cli::OptionTable& t) {
  auto o = std::make_shared<DatasetCommand>();
  declare(t, *o, operation);
  return [o](cli::Context& ctx) { return run(ctx, *o, operation); };
}

}  // namespace

std::function<int(cli::Context&)> merge_command(cli::OptionTable& t) {
  return dataset_command<DatasetOperation::merge>(t);
}
std::function<int(cli::Context&)> shuffle_command(cli::OptionTable& t) {
  return dataset_command<DatasetOperation::shuffle>(t);
}
std::function<int(cli::Context&)> mix_command(cli::OptionTable& t) {
  return dataset_command<DatasetOperation::mix>(t);
}
std::function<int(cli::Context&)> split_command(cli::OptionTable& t) {
  return dataset_command<DatasetOperation::split>(t);
}
std::function<int(cli::Context&)> pack_command(cli::OptionTable& t) {
  auto o = std::make_shared<PackCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
