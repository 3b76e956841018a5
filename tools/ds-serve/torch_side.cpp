// The torch side of ds-serve: opens the model, makes the engine, hands both to the server.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "arch/config.h"
#include "base/error.h"
#include "base/io.h"
#include "ds-serve/options.h"
#include "formats/model_folder.h"
#include "infer/engine.h"
#include "nn/device.h"
#include "serve/server.h"
#include "tokenizer/convert.h"
#include "torch_entry.h"

namespace ds::serve {

namespace {

using nlohmann::json;

// How the model chats, if it does: by its own template, or by the form that is named. A tokenizer without the
// form's markers, and a template that cannot be read, mean no chat; with --chat-template FORM an error.
void set_chat(ServedModel& served, const ServeOptions& o, const formats::ModelFolder& folder,
              const tokenizer::Tokenizer& tok, Log& log) {
  if (o.chat_template == "none") return;
  if (o.chat_template == "auto") {
    try {
      auto found = tokenizer::ChatTemplate::from_model(folder.folder);
      if (!found) return;
      for (const uint32_t id : found->end_ids(tok)) served.chat_end_ids.push_back(id);
      served.chat_template = std::make_shared<const tokenizer::ChatTemplate>(std::move(*found));
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::data) throw;
      log.warn(fmt::format("{}: no chat: {}", folder.path, e.what()), "--chat-template names a form");
    }
    return;
  }
  served.chat = tokenizer::chat_form_from_name(o.chat_template);
  tokenizer::encode_chat(tok, *served.chat, {{"user", "?"}}, true);
  for (const uint32_t id : tokenizer::chat_end_ids(tok, *served.chat)) served.chat_end_ids.push_back(id);
}

std::vector<int64_t> end_tokens(const formats::ModelFolder& folder, const arch::ModelConfig& config,
                                const tokenizer::Tokenizer& tok) {
  const json& generation = folder.generation_config;
  if (generation.is_object() && generation.contains("eos_token_id")) {
    const json& eos = generation["eos_token_id"];
    std::vector<int64_t> all;
    for (const json& id : eos.is_array() ? eos : json::array({eos}))
      if (id.is_number_integer()) all.push_back(id.get<int64_t>());
    if (!all.empty()) return all;
  }
  if (!config.eos_token_ids.empty()) return config.eos_token_ids;
  if (tok.eos_id()) return {static_cast<int64_t>(*tok.eos_id())};
  return {};
}

// "run/" and "." have a last part too.
std::string name_of(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  const std::string whole = real ? real : path;
  std::free(real);
  return base_name(whole);
}

int serve(tools::TorchCall& call, const ServeOptions& o) {
  const auto began = std::chrono::steady_clock::now();
  const ApiKeys keys = o.api_key_file.empty() ? ApiKeys() : ApiKeys::read(o.api_key_file);
  Server server(o);
  const formats::ModelFolder folder = formats::open_model_folder(o.model);
  const arch::ModelConfig config = arch::parse_config(folder.config, folder.config_path);
  const std::string tokenizer_path = tokenizer::tokenizer_file_in(folder.folder);
  if (tokenizer_path.empty())
    throw data_error(folder.path + ": no tokenizer in this folder",
                     "put the model's tokenizer.json, tokenizer.model or tekken.json into it");
  const tokenizer::Tokenizer tok = tokenizer::open_tokenizer(tokenizer_path).tokenizer;
  if (tok.vocab_size() > config.vocab_size)
    call.run.log.warn(fmt::format("{}: the tokenizer has {} entries, the model {}", folder.path,
                                  tok.vocab_size(), config.vocab_size),
                      "text with the ids beyond is refused");

  nn::keep_freed_memory();
  const at::Device device = nn::open_device(call.device);
  at::set_num_threads(call.run.threads);
  nn::ParameterStore store(
      config, nn::StoreOptions{.device = device, .compute = nn::open_precision(o.precision, device)});
  store.load(folder);
  const auto model = models::make_model(config, store);
  infer::Engine engine(
      *model, infer::EngineOptions{
                  .max_batch = o.max_batch, .max_queue = o.max_queue, .cache_tokens = o.cache_tokens});

  ServedModel served;
  served.name = o.model_name.empty() ? name_of(folder.folder) : o.model_name;
  served.created = std::time(nullptr);
  served.max_tokens = engine.max_tokens();
  served.vocab_size = config.vocab_size;
  served.tokenizer = &tok;
  size_t longest = 1;
  for (uint32_t id = 0; id < tok.vocab_size(); ++id) longest = std::max(longest, tok.bytes_of(id).size());
  // The normal form shrinks text to a third at most.
  served.max_text_bytes = static_cast<size_t>(served.max_tokens) * longest * (tok.model().normalizer ? 3 : 1);
  served.end_ids = end_tokens(folder, config, tok);
  set_chat(served, o, folder, tok, call.run.log);
  served.max_choices = std::min<int64_t>(128, o.max_queue);

  Metrics metrics(served.name, served.max_tokens);
  EngineHost host(engine, tok, metrics);
  App app{served, keys, metrics, nullptr, o.max_queue};
  call.run.log.verbose(
      fmt::format("{}: {} tokens of context, {} chat, loaded in {:.2f} s", served.name, served.max_tokens,
                  served.chat_template ? "template"
                  : served.chat        ? tokenizer::chat_form_name(*served.chat)
                                       : std::string_view("no"),
                  std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count()));
  server.serve(app, host, call.run);
  const EngineNumbers n = host.numbers();
  call.report(fmt::format("{} requests answered, {} cut short, {} tokens", n.stopped + n.length, n.aborted,
                          n.generated_tokens),
              {{"finished", n.stopped + n.length}, {"aborted", n.aborted}, {"tokens", n.generated_tokens}});
  return kExitOk;
}

}  // namespace

}  // namespace ds::serve

extern "C" int ds_serve_run(ds::tools::TorchCall& call, const ds::serve::ServeOptions& options) {
  return ds::nn::guarded([&] { return ds::serve::serve(call, options); });
}
