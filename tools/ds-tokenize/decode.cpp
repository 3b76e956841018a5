// ds-tokenize decode: JSONL with ids -> JSONL with text.
#include "tokenizer/decode.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/lines.h"
#include "tokenizer/convert.h"

namespace ds::tokenize {
namespace {

using nlohmann::json;

// One line: {"id":…,"ids":[…]} to {"id":…,"text":…}.
void decode_line(const std::string& line, const std::string& place, const tokenizer::Tokenizer& tok,
                 const DecodeCommand& o, Lines& l) {
  const auto bad = [&](const std::string& what) {
    return data_error(place + ": " + what, R"(expected lines like {"id":"a","ids":[1,2,3]})");
  };
  json j;
  try {
    // Nothing here nests deeper than the list; a hostile line must not make a deep value.
    j = json::parse(line, [&](int depth, json::parse_event_t, json&) {
      if (depth > 64) throw bad("nested too deeply");
      return true;
    });
  } catch (const json::exception& e) {
    throw bad(std::string("not JSON: ") + e.what());
  }
  const auto ids = j.is_object() ? j.find("ids") : j.end();
  if (!j.is_object() || ids == j.end() || !ids->is_array()) throw bad("no list \"ids\"");
  std::vector<uint32_t> list;
  list.reserve(ids->size());
  for (const json& id : *ids) {
    const bool number = id.is_number_unsigned();
    if (!number || id.get<uint64_t>() >= tok.vocab_size()) {
      if (number || id.is_number_integer()) {
        throw data_error(fmt::format("{}: id {} is not in the vocabulary (0 to {})", place, id.dump(),
                                     tok.vocab_size() - 1),
                         "the ids were made with another tokenizer");
      }
      throw bad("an id that is no whole number: " + id.dump().substr(0, 40));
    }
    list.push_back(id.get<uint32_t>());
  }
  l.out += "{";
  if (const auto id = j.find("id"); id != j.end()) {
    l.out += "\"id\":" + id->dump(-1, ' ', false, json::error_handler_t::replace) + ",";
  }
  l.out += "\"text\":";
  std::string text = tok.decode(list, !o.keep_special_tokens);
  if (o.clean_up_spaces) tokenizer::clean_up_spaces(text);
  formats::append_json_string(l.out, text);
  l.out += "}\n";
  ++l.documents;
  l.tokens += list.size();
}

int run(cli::Context& ctx, const DecodeCommand& o) {
  const bool to_file = o.output != "-";
  std::vector<std::string> inputs = o.inputs;
  inputs.push_back(o.tokenizer);
  if (to_file) {
    refuse_output_is_input(o.output, inputs);
    check_output(o.output, OutputKind::file);
  }
  const tokenizer::OpenedTokenizer opened = tokenizer::open_tokenizer(o.tokenizer);
  const tokenizer::Tokenizer& tok = opened.tokenizer;
  bool streams = false;
  for (const std::string& input : o.inputs) {
    streams |= is_stream(input);
    if (input != "-") open_read(input);  // missing or unreadable: say so before any work
  }
  if (ctx.common.dry_run) {
    ctx.report(fmt::format("would decode {} input(s) into {}", o.inputs.size(), o.output),
               {{"vocab_size", tok.vocab_size()}});
    return kExitOk;
  }
  std::optional<OutputLock> lock;
  formats::Manifest manifest = planned_manifest(ctx);
  const auto describe = [&](const std::vector<FileDigest>& digests) {
    manifest.inputs.clear();
    auto stream = digests.begin();
    for (const std::string& input : o.inputs) {
      if (!is_stream(input)) {
        manifest.inputs.push_back(formats::describe_input("input", input));
      } else if (stream != digests.end()) {
        manifest.inputs.push_back({input == "-" ? "stdin" : "input", *stream++, nullptr});
      }
    }
    manifest.inputs.push_back(formats::describe_input("tokenizer", opened.path));
  };
  if (to_file) {
    lock.emplace(o.output);
    if (!streams) {
      describe({});
      if (!ctx.common.force && formats::up_to_date(o.output, manifest))
        return report_up_to_date(ctx, o.output);
    }
  }

  LineBatches batches(o.inputs);
  AtomicFile file(o.output);
  uint64_t documents = 0, tokens = 0;
  ctx.run.progress.start("decode", "documents", 0);
  ordered_map<Lines>(
      ctx.run.threads,
      [&]() -> std::optional<Lines> { return ctx.run.stop.requested() ? std::nullopt : batches.next(); },
      [&](Lines& l) {
        for (size_t i = 0; i < l.lines.size(); ++i) {
          if (blank(l.lines[i])) continue;
          decode_line(l.lines[i], fmt::format("{}: line {}", l.input, l.first + i), tok, o, l);
        }
      },
      [&](Lines& l) {
        file.write(l.out);
        documents += l.documents;
        tokens += l.tokens;
        ctx.run.progress.update(documents);
      });
  ctx.run.progress.finish();
  if (ctx.run.stop.requested()) return kExitStopped;

  if (documents == 0) throw no_documents(o.inputs);
  manifest.facts = {{"documents", documents}, {"tokens", tokens}};
  file.prepare();
  if (to_file) formats::remove_manifest(o.output);
  const FileDigest digest = file.commit();
  if (to_file) {
    if (streams) describe(batches.streams);
    manifest.outputs = {{base_name(o.output), digest}};
    formats::write_manifest(o.output, manifest);
    if (!ctx.common.depfile.empty()) formats::write_depfile(ctx.common.depfile, o.output, inputs);
  }
  ctx.report(fmt::format("{}: {} documents, {} tokens", o.output, documents, tokens), manifest.facts);
  return kExitOk;
}

}  // namespace

std::function<int(cli::Context&)> decode_command(cli::OptionTable& t) {
  auto o = std::make_shared<DecodeCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
