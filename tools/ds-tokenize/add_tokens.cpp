// ds-tokenize add-tokens: tokens behind the last id of a tokenizer, and how many embedding rows a model then
// needs.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/shown.h"
#include "tokenizer/convert.h"

namespace ds::tokenize {
namespace {

struct AddTokensCommand {
  std::string input, output;
  std::vector<std::string> special, plain;
  int64_t multiple = 1, rows = 0;
};

void declare(cli::OptionTable& t, AddTokensCommand& o) {
  t.positional("TOKENIZER", o.input, "tokenizer.json, or what convert reads").required().not_in_manifest();
  t.group("Output");
  t.add("-o,--output", o.output, "FILE", "tokenizer.json to write; - for stdout")
      .required()
      .not_in_manifest();
  t.group("Tokens");
  t.add("--special", o.special, "TOKEN", "a special token, which decoding leaves out; repeat for more");
  t.add("--token", o.plain, "TOKEN", "a token that is text; they come behind the special ones");
  t.group("Embedding rows");
  t.add("--rows", o.rows, "N", "the model has now; 0: as many as the tokenizer has ids").range(0, 1e9);
  t.add("--pad-to-multiple-of", o.multiple, "N", "the model needs").range(1, 1 << 20);
  t.check([&o] {
    if (o.special.empty() && o.plain.empty())
      throw usage_error("no token to add", "give --special TOKEN or --token TOKEN");
  });
}

void add(formats::TokenizerJson& t, const std::string& content, bool special, const std::string& path) {
  const char* const flag = special ? "--special" : "--token";
  if (content.empty()) throw usage_error(fmt::format("{}: an empty token", flag));
  if (!is_valid_utf8(content)) throw usage_error(fmt::format("{} {}: not UTF-8", flag, shown(content)));
  std::optional<uint32_t> known;
  for (const formats::AddedToken& a : t.added) {
    if (a.content == content) known = a.id;
  }
  for (uint32_t id = 0; !known && id < t.model.tokens.size(); ++id) {
    if (t.model.known[id] && t.model.tokens[id] == content) known = id;
  }
  if (known)
    throw usage_error(fmt::format("{} {}: is token {} of {}", flag, shown(content), *known, path),
                      "each token can be added once");
  formats::AddedToken a;
  a.id = t.size();
  a.content = content;
  a.special = special;
  a.normalized = !special;  // as the reference library adds them
  a.in_model = false;
  t.added.push_back(std::move(a));
}

int run(cli::Context& ctx, const AddTokensCommand& o) {
  const bool to_file = o.output != "-";
  if (to_file) {
    refuse_output_is_input(o.output, {o.input, tokenizer::tokenizer_file(o.input)});
    check_output(o.output, OutputKind::file);
  }
  const std::string input = tokenizer::tokenizer_file(o.input);
  formats::TokenizerJson t = tokenizer::tokenizer_from_file(input);
  const uint32_t before = t.size();
  for (const std::string& token : o.special) add(t, token, true, input);
  for (const std::string& token : o.plain) add(t, token, false, input);

  const auto multiple = static_cast<uint64_t>(o.multiple);
  const uint64_t have = o.rows > 0 ? static_cast<uint64_t>(o.rows) : before;
  const uint64_t need = (std::max<uint64_t>(have, t.size()) + multiple - 1) / multiple * multiple;
  nlohmann::json facts = {{"vocab_size", {{"old", before}, {"new", t.size()}}},
                          {"rows", {{"old", have}, {"new", need}}}};
  std::string ids;
  for (const formats::AddedToken& a : t.added) {
    if (a.id < before) continue;
    facts["added"].push_back({{"id", a.id}, {"token", a.content}, {"special", a.special}});
    ids += fmt::format("{}{} {}", ids.empty() ? "" : ", ", a.id, shown(a.content));
  }
  const std::string human =
      fmt::format("{}: {}; {} ids, were {}; a model needs {} embedding rows{}", o.output, ids, t.size(),
                  before, need, need == have ? ", as it has" : fmt::format(", has {}", have));
  const std::string text = formats::tokenizer_json_text(t);
  formats::parse_tokenizer_json(text, input);  // what its readers would refuse is refused now
  if (ctx.common.dry_run) {
    ctx.report("would write " + human, facts);
    return kExitOk;
  }
  std::optional<OutputLock> lock;
  formats::Manifest manifest = planned_manifest(ctx);
  if (to_file) {
    lock.emplace(o.output);
    manifest.inputs = {formats::describe_input("tokenizer", input)};
    if (!ctx.common.force && formats::up_to_date(o.output, manifest)) return report_up_to_date(ctx, o.output);
  }
  manifest.facts = facts;
  AtomicFile file(o.output);
  file.write(text);
  file.prepare();
  if (to_file) formats::remove_manifest(o.output);
  const FileDigest digest = file.commit();
  if (to_file) {
    manifest.outputs = {{base_name(o.output), digest}};
    formats::write_manifest(o.output, manifest);
    if (!ctx.common.depfile.empty()) formats::write_depfile(ctx.common.depfile, o.output, {input});
  }
  ctx.report(human, facts);
  return kExitOk;
}

}  // namespace

std::function<int(cli::Context&)> add_tokens_command(cli::OptionTable& t) {
  auto o = std::make_shared<AddTokensCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
