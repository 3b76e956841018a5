// ds-tokenize train: documents -> word counts -> tokenizer.json, and a report on it.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/io.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/documents.h"
#include "ds-tokenize/train_options.h"
#include "ds-tokenize/train_report.h"

namespace ds::tokenize {
namespace {

struct Tally {
  uint64_t documents = 0, bytes = 0;
};

// Where counts go that do not fit into --memory; gone when training is over.
class RunFolder {
 public:
  explicit RunFolder(const std::string& output) {
    path_ = output == "-" ? fmt::format("./.ds-tokenize-words.{}", getpid())
                          : fmt::format("{}/.{}.words.{}", folder_of(output), base_name(output), getpid());
    make_folders(path_);
  }
  ~RunFolder() {
    try {
      remove_tree(path_);
    } catch (const Error&) {  // nothing is lost but space
    }
  }
  RunFolder(const RunFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

tokenizer::WordList count_words(cli::Context& ctx, const TrainCommand& o, const tokenizer::WordRule& rule,
                                Documents& documents, Tally& total) {
  std::optional<RunFolder> folder;
  if (o.memory != 0) folder.emplace(o.output);
  // A third for what training needs besides the counts, which it makes when they are there.
  const uint64_t share = o.memory * 2 / 3 / static_cast<uint64_t>(ctx.run.threads);
  uint32_t number = 0;
  Pool<tokenizer::WordCounts> counters([&] {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    return folder ? tokenizer::WordCounts(share, folder->path(), number++) : tokenizer::WordCounts();
  });
  map_documents<Tally>(
      documents, ctx.run, "count words",
      [&](Batch& batch, Tally& tally) {
        counters.with([&](tokenizer::WordCounts& words) {
          batch.for_each([&](formats::Document& d) {
            words.add_text(rule, d.text);
            ++tally.documents;
            tally.bytes += d.text.size();
          });
        });
      },
      [&](Tally& tally) {
        total.documents += tally.documents;
        total.bytes += tally.bytes;
      });
  if (ctx.run.stop.requested()) return {};
  return tokenizer::gather_words(std::move(counters.idle()), o.memory);
}

formats::TokenizerJson learn(cli::Context& ctx, const TrainCommand& o, tokenizer::WordList words,
                             const tokenizer::TrainOptions& options, tokenizer::TrainShell shell) {
  if (!o.base.empty()) return continue_bpe(std::move(words), options, std::move(shell.tokenizer), ctx.run);
  if (o.algorithm == "unigram") return train_unigram(words, options, std::move(shell.tokenizer), ctx.run);
  if (o.algorithm == "wordpiece")
    return train_wordpiece(std::move(words), options, std::move(shell.tokenizer), ctx.run);
  return train_bpe(std::move(words), options, std::move(shell.tokenizer), ctx.run);
}

void write_report(cli::Context& ctx, const TrainCommand& o, const formats::TokenizerJson& model) {
  const nlohmann::json report = train_report(model, o.output, o.compare, o.in, ctx.run);
  AtomicFile file(o.report);
  file.write(report.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  file.prepare();
  file.commit();
  std::string line;
  for (const auto& t : report["total"]["tokenizers"]) {
    line += fmt::format("{}{}: {:.3f} bytes a token", line.empty() ? "" : ", ", t["name"].get<std::string>(),
                        t["bytes_per_token"].get<double>());
  }
  ctx.run.log.info(
      fmt::format("{}; {} tokens unused, {} rare", line, report["unused"].size(), report["rare"].size()));
}

std::vector<formats::ManifestInput> inputs_of(const Documents& documents, const TrainCommand& o) {
  std::vector<formats::ManifestInput> inputs = documents.describe();
  if (!o.base.empty()) inputs.push_back(formats::describe_input("tokenizer", o.base));
  return inputs;
}

int run(cli::Context& ctx, const TrainCommand& o) {
  refuse_output_is_input(o.output, o.in.inputs);
  if (!o.report.empty() && o.report != "-") refuse_output_is_input(o.report, o.in.inputs);
  const bool to_file = o.output != "-";
  if (to_file) check_output(o.output, OutputKind::file);
  tokenizer::TrainShell shell =
      o.base.empty() ? train_shell(o.shell()) : tokenizer::shell_of(formats::read_tokenizer_json(o.base));
  Documents documents(o.in);
  if (!o.report.empty() && documents.streams()) {
    throw usage_error("--report reads the inputs twice, and some can be read once only", "give files");
  }
  if (ctx.common.dry_run) {
    ctx.report(fmt::format("would learn {} entries ({}) from {} input(s) of {} bytes into {}", o.vocab_size,
                           o.pattern, o.in.inputs.size(), documents.raw_size(), o.output),
               {{"vocab_size", o.vocab_size}, {"input_bytes", documents.raw_size()}});
    return kExitOk;
  }
  std::optional<OutputLock> lock;
  formats::Manifest manifest = planned_manifest(ctx);
  if (to_file) {
    lock.emplace(o.output);
    if (!documents.streams()) {
      manifest.inputs = inputs_of(documents, o);
      if (!ctx.common.force && o.report.empty() && formats::up_to_date(o.output, manifest)) {
        return report_up_to_date(ctx, o.output);
      }
    }
  }

  const tokenizer::TrainOptions options = o.options(shell.byte_level);
  Tally total;
  tokenizer::WordList words = count_words(ctx, o, shell.rule, documents, total);
  if (ctx.run.stop.requested()) return kExitStopped;
  const size_t unique_words = words.size();
  const formats::TokenizerJson model = learn(ctx, o, std::move(words), options, std::move(shell));
  if (ctx.run.stop.requested()) return kExitStopped;
  const uint32_t size = model.size();
  if (size < options.vocab_size && o.target_bytes_per_token == 0) {
    ctx.run.log.warn(fmt::format("only {} of {} entries: the text has no more {}", size, o.vocab_size,
                                 o.algorithm == "unigram" ? "pieces that repeat" : "pairs to merge"));
  }

  manifest.inputs = inputs_of(documents, o);
  manifest.facts = {{"vocab_size", size},           {"merges", model.model.merges.size()},
                    {"documents", total.documents}, {"bytes", total.bytes},
                    {"unique_words", unique_words}, {"special_tokens", o.special}};
  AtomicFile file(o.output);
  file.write(formats::tokenizer_json_text(model));
  file.prepare();
  if (to_file) formats::remove_manifest(o.output);
  const FileDigest digest = file.commit();
  if (to_file) {
    manifest.outputs = {{base_name(o.output), digest}};
    formats::write_manifest(o.output, manifest);
    if (!ctx.common.depfile.empty()) formats::write_depfile(ctx.common.depfile, o.output, o.in.inputs);
  }
  if (!o.report.empty()) write_report(ctx, o, model);
  ctx.report(
      fmt::format("{}: {} entries, {} merges, from {} documents, {} bytes, {} different words", o.output,
                  size, model.model.merges.size(), total.documents, total.bytes, unique_words),
      manifest.facts);
  return kExitOk;
}

}  // namespace

std::function<int(cli::Context&)> train_command(cli::OptionTable& t) {
  auto o = std::make_shared<TrainCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
