// ds-tokenize chat: conversations as the text, the ids or the training data that a model's chat template
// makes of them.
#include "tokenizer/chat.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "ds-tokenize/chat_dataset.h"
#include "ds-tokenize/chat_options.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/lines.h"
#include "formats/jsonl.h"
#include "formats/token_dataset.h"
#include "tokenizer/convert.h"

namespace ds::tokenize {
namespace {

using tokenizer::ChatTemplate;
using tokenizer::Conversation;
using tokenizer::Rendered;
namespace jinja = tokenizer::jinja;

std::string tokenizer_path(const ChatCommand& o) {
  return !o.tokenizer.empty() ? o.tokenizer : is_folder(o.model) ? join_path(o.model, "tokenizer.json") : "";
}

ChatTemplate open_template(const ChatCommand& o) {
  if (!o.form.empty()) return ChatTemplate::from_form(o.form);
  if (!o.template_file.empty()) {
    // The special tokens are told by the tokenizer's folder, if there is one.
    ChatTemplate::Variables variables;
    if (!o.tokenizer.empty()) variables = tokenizer::special_tokens(folder_of(o.tokenizer));
    return ChatTemplate::from_jinja(read_file(o.template_file, size_t{4} << 20), o.template_file, variables);
  }
  const std::string& from = o.model.empty() ? o.tokenizer : o.model;
  if (auto found = ChatTemplate::from_model(from)) return std::move(*found);
  throw data_error(
      from + ": no chat template",
      "looked for chat_template.jinja and tokenizer_config.json; --template or --form names one");
}

std::optional<std::tm> given_time(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::tm t{};
  int used = 0, end = 0;
  const int parts = std::sscanf(text.c_str(), "%4d-%2d-%2d%nT%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon,
                                &t.tm_mday, &used, &t.tm_hour, &t.tm_min, &t.tm_sec, &end);
  const bool whole = (parts == 3 && static_cast<size_t>(used) == text.size()) ||
                     (parts == 6 && static_cast<size_t>(end) == text.size());
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  const std::tm asked = t;
  std::tm copy = t;
  if (!whole || ::timegm(&copy) == -1 || copy.tm_mday != asked.tm_mday || copy.tm_mon != asked.tm_mon ||
      copy.tm_hour != asked.tm_hour || copy.tm_min != asked.tm_min)
    throw usage_error("--now " + text + ": no such time", "write 2026-07-26 or 2026-07-26T12:30:00");
  return copy;
}

jinja::Value json_value(const std::string& text) {
  try {
    return jinja::from_json(text, false, nullptr);
  } catch (const jinja::Failure&) {
    return jinja::Value::text(nullptr, text);
  }
}

// What is the same for all lines.
struct Job {
  ChatTemplate chat;
  std::optional<tokenizer::OpenedTokenizer> opened;
  jinja::Value tools = jinja::Value::none();
  std::vector<std::pair<std::string, jinja::Value>> variables;
  tokenizer::RenderOptions options;
  bool generate = false, ids = false, masks = false, dataset = false;
  std::optional<uint32_t> eos;  // of data
};

// A batch of conversations: as lines, or as tokens.
struct Chats {
  Lines in;  // and out
  Encoded data;
};

void append_ranges(std::string& out, const std::vector<tokenizer::IndexRange>& ranges) {
  out += ",\"mask\":[";
  for (size_t i = 0; i < ranges.size(); ++i)
    out += fmt::format("{}[{},{}]", i > 0 ? "," : "", ranges[i].begin, ranges[i].end);
  out += "]";
}

std::string id_json(const Conversation& c) {
  jinja::Meter meter({});
  jinja::JsonStyle compact;
  compact.item = ",";
  compact.key = ":";
  return jinja::to_json(c.id, compact, meter).bytes;
}

void chat_line(const std::string& line, const std::string& place, const Job& job, Chats& chats) {
  Lines& l = chats.in;
  Conversation c = tokenizer::read_conversation(line);
  if (c.tools.is(jinja::Kind::none)) c.tools = job.tools;
  c.generate = job.generate;
  // What the line says goes before what the command does.
  for (const auto& [name, value] : job.variables) {
    bool said = false;
    for (const auto& known : c.variables) said |= known.first == name;
    if (!said) c.variables.emplace_back(name, value);
  }
  const Rendered r = job.masks ? job.chat.render_learned(c, job.options) : job.chat.render(c, job.options);
  ++l.documents;
  const bool has_id = !c.id.is(jinja::Kind::none);
  if (job.dataset) {
    add_conversation(job.opened->tokenizer, r, job.eos, job.masks, chats.data);
    chats.data.lines += "{\"id\":";
    if (has_id) {
      chats.data.lines += id_json(c);
    } else {
      formats::append_json_string(chats.data.lines, place);
    }
    chats.data.lines += "}\n";
    return;
  }
  l.out += "{";
  if (has_id) l.out += "\"id\":" + id_json(c) + ",";
  if (job.ids) {
    const tokenizer::Tokenizer& tok = job.opened->tokenizer;
    const std::vector<uint32_t> ids = tokenizer::encode_rendered(tok, r);
    l.out += "\"ids\":[";
    for (size_t i = 0; i < ids.size(); ++i) l.out += (i > 0 ? "," : "") + std::to_string(ids[i]);
    l.out += "]";
    if (job.masks) append_ranges(l.out, tokenizer::generated_tokens(tok, r, ids));
    l.tokens += ids.size();
  } else {
    l.out += "\"text\":";
    formats::append_json_string(l.out, r.text);
    if (job.masks) append_ranges(l.out, r.generated);
  }
  l.out += "}\n";
}

int run(cli::Context& ctx, const ChatCommand& o) {
  const bool to_file = o.output != "-", dataset = o.format == "megatron";
  const std::string artifact = dataset ? formats::dataset_prefix(o.output) : o.output;
  Job job{open_template(o), {}, jinja::Value::none(), {}, {}, o.add_generation_prompt, o.ids, o.masks,
          dataset,          {}};
  std::vector<std::string> files = o.inputs;
  const std::string tokenizer_file = tokenizer_path(o);
  std::vector<std::pair<std::string, std::string>> sources;  // what a manifest says besides the inputs
  if (o.form.empty()) sources.emplace_back("template", job.chat.name());
  if (o.ids || dataset) {
    job.opened = tokenizer::open_tokenizer(tokenizer_file);
    sources.emplace_back("tokenizer", job.opened->path);
  }
  if (!o.tools.empty()) sources.emplace_back("tools", o.tools);
  for (const auto& [role, path] : sources) files.push_back(path);
  for (const std::string& file : dataset ? dataset_files(artifact) : std::vector<std::string>{artifact}) {
    if (file == "-") continue;
    refuse_output_is_input(file, files);
    check_output(file, OutputKind::file);
  }
  job.options.now = given_time(o.now);
  for (const std::string& v : o.variables) {
    const size_t equals = v.find('=');
    job.variables.emplace_back(v.substr(0, equals), json_value(v.substr(equals + 1)));
  }
  if (o.thinking != "auto")
    for (const char* name : {"thinking", "enable_thinking"})
      job.variables.emplace_back(name, jinja::Value::boolean(o.thinking == "on"));
  if (!o.tools.empty()) {
    const std::string text = read_file(o.tools, size_t{64} << 20);
    try {
      job.tools = tokenizer::read_conversation("{\"messages\":[],\"tools\":" + text + "}").tools;
    } catch (const Error& e) {
      throw data_error(o.tools + ": " + e.what(), "expected a JSON list of tools");
    }
  }
  if (dataset && o.append_eos) {
    job.eos = job.opened->tokenizer.eos_id();
    if (!job.eos)
      ctx.run.log.warn(tokenizer_file + ": has no end-of-text token, conversations may end without one");
  }
  bool streams = false;
  for (const std::string& input : o.inputs) {
    streams |= is_stream(input);
    if (input != "-") open_read(input);  // missing or unreadable: say so before any work
  }
  if (ctx.common.dry_run) {
    ctx.report(fmt::format("would write {} input(s) with the template {} to {}", o.inputs.size(),
                           job.chat.name(), o.output),
               {{"template", base_name(job.chat.name())}});
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
    for (const auto& [role, path] : sources) manifest.inputs.push_back(formats::describe_input(role, path));
  };
  if (to_file) {
    lock.emplace(artifact);
    if (!streams) {
      describe({});
      if (!ctx.common.force && formats::up_to_date(artifact, manifest))
        return report_up_to_date(ctx, artifact);
    }
  }

  LineBatches batches(o.inputs);
  std::optional<AtomicFile> file;
  std::optional<ChatDataset> data;
  if (dataset) {
    data.emplace(artifact, *job.opened, o.masks);
  } else {
    file.emplace(artifact);
  }
  uint64_t documents = 0, tokens = 0;
  ctx.run.progress.start("chat", "conversations", 0);
  ordered_map<Chats>(
      ctx.run.threads,
      [&]() -> std::optional<Chats> {
        std::optional<Lines> lines;
        if (!ctx.run.stop.requested()) lines = batches.next();
        return lines ? std::optional(Chats{std::move(*lines), {}}) : std::nullopt;
      },
      [&](Chats& chats) {
        Lines& l = chats.in;
        for (size_t i = 0; i < l.lines.size(); ++i) {
          if (blank(l.lines[i])) continue;
          try {
            chat_line(l.lines[i], fmt::format("{}:{}", base_name(l.input), l.first + i), job, chats);
          } catch (const Error& e) {
            throw Error(e.kind(), fmt::format("{}: line {}: {}", l.input, l.first + i, e.what()), e.hint());
          }
        }
      },
      [&](Chats& chats) {
        if (data) {
          data->take(chats.data);
        } else {
          file->write(chats.in.out);
        }
        documents += chats.in.documents;
        tokens += chats.in.tokens + chats.data.ids.size();
        ctx.run.progress.update(documents);
      });
  ctx.run.progress.finish();
  if (ctx.run.stop.requested()) return kExitStopped;

  if (documents == 0) throw no_documents(o.inputs);
  manifest.facts = {{"conversations", documents}};
  if (o.ids || dataset) manifest.facts["tokens"] = tokens;
  if (to_file && streams) describe(batches.streams);
  if (data) {
    data->commit(manifest, documents, tokens, job.eos);
  } else {
    file->prepare();
    if (to_file) formats::remove_manifest(artifact);
    const FileDigest digest = file->commit();
    if (to_file) {
      manifest.outputs = {{base_name(artifact), digest}};
      formats::write_manifest(artifact, manifest);
    }
  }
  if (to_file) {
    if (!ctx.common.depfile.empty())
      formats::write_depfile(ctx.common.depfile, dataset ? artifact + ".idx" : artifact, files);
  }
  ctx.report(fmt::format("{}: {} conversations{}", artifact, documents,
                         o.ids || dataset ? fmt::format(", {} tokens", tokens) : ""),
             manifest.facts);
  return kExitOk;
}

}  // namespace

std::function<int(cli::Context&)> chat_command(cli::OptionTable& t) {
  auto o = std::make_shared<ChatCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
