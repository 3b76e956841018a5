// ds-tokenize: trains byte-level BPE tokenizers, turns text into ids and back, counts.
#include "base/build_info.h"
#include "cli/tool.h"
#include "ds-tokenize/commands.h"

namespace ds {
extern const char* const kExamples;  // examples.txt
}

namespace ds::tokenize {

formats::Manifest planned_manifest(const cli::Context& ctx) {
  formats::Manifest m;
  m.tool = ctx.tool;
  m.version = build_info().version;
  m.command = ctx.command;
  m.options = cli::values(ctx.table, true);
  return m;
}

int report_up_to_date(cli::Context& ctx, const std::string& artifact) {
  const auto manifest = formats::read_manifest(artifact);
  ctx.report(artifact + ": up to date", manifest ? manifest->facts : nlohmann::json::object());
  return kExitOk;
}

}  // namespace ds::tokenize

int main(int argc, char** argv) {
  using namespace ds;
  const unsigned common = cli::kThreads | cli::kForce | cli::kDryRun | cli::kJson | cli::kDepfile;
  return cli::tool_main(
      {"ds-tokenize",
       "trains byte-level BPE tokenizers and turns text into token ids and back",
       kExamples,
       {{"train", "learn a tokenizer.json from text", common, tokenize::train_command},
        {"encode", "text to token ids: training data or JSONL", common, tokenize::encode_command},
        {"decode", "token ids back to text", common, tokenize::decode_command},
        {"count", "documents, bytes and tokens of text", cli::kThreads | cli::kJson,
         tokenize::count_command}}},
      argc, argv);
}
