// ds-tokenize count: how many tokens a text has.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/io.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/documents.h"
#include "tokenizer/convert.h"

namespace ds::tokenize {
namespace {

struct Counts {
  uint64_t documents = 0, bytes = 0, tokens = 0;
};

int run(cli::Context& ctx, const CountCommand& o) {
  const tokenizer::Tokenizer tok = tokenizer::open_tokenizer(o.tokenizer).tokenizer;
  Documents documents(o.in);
  struct Worker {
    tokenizer::Encoder encoder;
    std::vector<uint32_t> ids;
  };
  Pool<Worker> workers([&] { return Worker{tokenizer::Encoder(tok), {}}; });
  Counts total;
  map_documents<Counts>(
      documents, ctx.run, "count",
      [&](Batch& batch, Counts& c) {
        workers.with([&](Worker& w) {
          batch.for_each([&](formats::Document& d) {
            w.ids.clear();
            w.encoder.encode(d.text, w.ids, o.specials_in_text);
            ++c.documents;
            c.bytes += d.text.size();
            c.tokens += w.ids.size();
          });
        });
      },
      [&](Counts& c) {
        total.documents += c.documents;
        total.bytes += c.bytes;
        total.tokens += c.tokens;
      });
  if (ctx.run.stop.requested()) return kExitStopped;
  const double ratio =
      total.tokens ? static_cast<double>(total.bytes) / static_cast<double>(total.tokens) : 0;
  if (!ctx.common.json) {
    write_all(STDOUT_FILENO,
              fmt::format("documents\t{}\nbytes\t{}\ntokens\t{}\nbytes_per_token\t{:.4f}\n", total.documents,
                          total.bytes, total.tokens, ratio),
              "<stdout>");
  }
  ctx.report("", {{"documents", total.documents},
                  {"bytes", total.bytes},
                  {"tokens", total.tokens},
                  {"bytes_per_token", ratio}});
  return kExitOk;
}

}  // namespace

std::function<int(cli::Context&)> count_command(cli::OptionTable& t) {
  auto o = std::make_shared<CountCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
