// ds-clean rethreshold: other limits, decided from saved values.
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "clean/explain.h"
#include "commands.h"
#include "formats/byte_source.h"
#include "options.h"

namespace ds::clean_tool {
namespace {

struct Rethreshold {
  std::string stats, output;
  RecipeOptions recipe;
};

struct Lines final : LineSink {
  std::optional<AtomicFile> file;
  void write(std::string_view lines) override {
    if (file) file->write(lines);
  }
};

int run_rethreshold(cli::Context& ctx, const Rethreshold& o) {
  if (o.stats.empty()) throw usage_error("--stats FILE is required: what ds-clean --stats has written");
  if (o.recipe.recipe.empty() && o.recipe.steps.empty() && o.recipe.tables.is_null())
    throw usage_error("which limits? name a recipe",
                      "--recipe NAME, --steps LIST or -c FILE, and --set STEP.PARAM=VALUE");
  const clean::Recipe recipe = chosen_recipe(ctx.table, o.recipe);
  const clean::Pipeline pipeline(recipe, step_env(o.recipe, 0));
  refuse_output_is_input(o.output, {o.stats});
  if (ctx.common.dry_run) {
    ctx.report("would decide from " + o.stats,
               {{"stats", o.stats}, {"steps", clean::recipe_as_json(recipe)}});
    return kExitOk;
  }
  Lines lines;
  std::optional<OutputLock> lock;
  if (!o.output.empty()) {
    if (o.output != "-") lock.emplace(o.output);
    lines.file.emplace(o.output);
  }
  formats::ByteSource source(o.stats);
  formats::LineReader reader(source);
  ctx.run.progress.start("deciding", "B", source.raw_size());
  const clean::Rethreshold result = clean::rethreshold(
      pipeline,
      [&](std::string& line) {
        ctx.run.progress.update(source.raw_position());
        return !ctx.run.stop.requested() && reader.next(line);
      },
      lines, o.stats);
  ctx.run.progress.finish();
  if (ctx.run.stop.requested()) return kExitStopped;
  if (lines.file) lines.file->commit();
  ctx.report(result.table(), result.to_json());
  return kExitOk;
}

}  // namespace

Body rethreshold_command(cli::OptionTable& t) {
  auto o = std::make_shared<Rethreshold>();
  t.group("Files");
  t.add("--stats", o->stats, "FILE", "what ds-clean --stats has written").required().not_in_manifest();
  t.add("-o,--output", o->output, "FILE", "JSONL: id, kept, and for the others reason, value, limit")
      .not_in_manifest();
  declare_recipe(t, o->recipe);
  return [o](cli::Context& ctx) { return run_rethreshold(ctx, *o); };
}

}  // namespace ds::clean_tool
