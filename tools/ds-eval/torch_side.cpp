// The torch side of ds-eval: opens model and data, calls lib/eval and lib/infer, reports.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "arch/config.h"
#include "base/atomic_file.h"
#include "base/build_info.h"
#include "base/error.h"
#include "base/io.h"
#include "ds-eval/options.h"
#include "eval/forward.h"
#include "eval/perplexity.h"
#include "infer/generate.h"
#include "nn/device.h"
#include "nn/torch_pch.h"
#include "tokenizer/convert.h"
#include "torch_entry.h"

namespace ds::evaluate {

namespace {

using nlohmann::json;
using tools::TorchCall;

// config.json and what lies beside it, checked; the weights come with load().
struct Opened {
  formats::ModelFolder folder;
  arch::ModelConfig config;
  std::optional<tokenizer::Tokenizer> tokenizer;  // nothing when the folder has none
  std::string tokenizer_path;
  std::unique_ptr<nn::ParameterStore> store;
  std::unique_ptr<models::Model> model;

  explicit Opened(const std::string& path)
      : folder(formats::open_model_folder(path)),
        config(arch::parse_config(folder.config, folder.config_path)) {}

  void load_tokenizer() {
    if (folder.tokenizer_files.empty()) return;
    tokenizer_path = tokenizer::tokenizer_file_in(folder.folder);
    if (!tokenizer_path.empty()) tokenizer = tokenizer::open_tokenizer(tokenizer_path).tokenizer;
  }
  void load(TorchCall& call, const std::string& precision, bool training, int64_t positions) {
    const at::Device device = nn::open_device(call.device);
    at::set_num_threads(call.run.threads);
    store = std::make_unique<nn::ParameterStore>(
        config,
        nn::StoreOptions{
            .device = device, .compute = nn::open_precision(precision, device), .training = training});
    store->load(folder);
    model = models::make_model(config, *store, positions);
  }
};

double per_second(double amount, double seconds) { return seconds > 0 ? amount / seconds : 0.0; }

// A safetensors output: checked and locked at once, written with its manifest at the end. Stdout has neither
// lock nor manifest.
struct Output {
  std::string path;
  std::vector<std::string> inputs;
  std::optional<OutputLock> lock;
  std::optional<formats::Manifest> manifest;

  Output(const TorchCall& call, const std::string& output, const std::string& model, const std::string& ids)
      : path(output) {
    if (path == "-") return;
    for (const char* name : {"config.json", "model.safetensors"}) {
      if (exists(join_path(model, name))) inputs.push_back(join_path(model, name));
    }
    inputs.push_back(ids);
    refuse_output_is_input(path, inputs);
    check_output(path, OutputKind::file);
    lock.emplace(path);
    manifest.emplace();
    manifest->tool = call.tool;
    manifest->version = build_info().version;
    manifest->command = call.command;
    manifest->options = call.manifest_options;
    manifest->seed = call.seed;
    manifest->inputs = {formats::describe_input("model", model), formats::describe_input("ids", ids)};
  }

  bool up_to_date(TorchCall& call) const {
    if (!manifest || call.force || !formats::up_to_date(path, *manifest)) return false;
    call.report(path + ": up to date", formats::read_manifest(path)->facts);
    return true;
  }

  void write(const TorchCall& call, const eval::NamedTensors& tensors, const json& facts) {
    if (manifest) formats::remove_manifest(path);
    const FileDigest digest = eval::write_tensors(path, tensors);
    if (!manifest) return;
    manifest->outputs = {{base_name(path), digest}};
    manifest->facts = facts;
    formats::write_manifest(path, *manifest);
    if (!call.depfile.empty()) formats::write_depfile(call.depfile, path, inputs);
  }
};

std::vector<int64_t> end_tokens(const Opened& opened) {
  const json& generation = opened.folder.generation_config;
  if (generation.is_object() && generation.contains("eos_token_id")) {
    const json& eos = generation["eos_token_id"];
    if (eos.is_number_integer()) return {eos.get<int64_t>()};
    std::vector<int64_t> all;
    if (eos.is_array()) {
      for (const json& id : eos) {
        if (id.is_number_integer()) all.push_back(id.get<int64_t>());
      }
    }
    if (!all.empty()) return all;
  }
  if (!opened.config.eos_token_ids.empty()) return opened.config.eos_token_ids;
  if (opened.tokenizer && opened.tokenizer->eos_id())
    return {static_cast<int64_t>(*opened.tokenizer->eos_id())};
  return {};
}

json speed(const infer::GenerateResult& r) {
  return {{"prefill_tokens", r.prefill_tokens},
          {"prefill_tokens_per_second", per_second(static_cast<double>(r.prefill_tokens), r.prefill_seconds)},
          {"decode_tokens", r.decode_tokens},
          {"decode_tokens_per_second", per_second(static_cast<double>(r.decode_tokens), r.decode_seconds)}};
}

std::string speed_text(const infer::GenerateResult& r) {
  return fmt::format("prefill {} tokens at {:.0f}/s, decode {} tokens at {:.0f}/s", r.prefill_tokens,
                     per_second(static_cast<double>(r.prefill_tokens), r.prefill_seconds), r.decode_tokens,
                     per_second(static_cast<double>(r.decode_tokens), r.decode_seconds));
}

// A signal came: what was begun is told by the exit status, which the front makes of it.
int finished(const TorchCall& call) { return call.run.stop.requested() ? kExitStopped : kExitOk; }

int perplexity(TorchCall& call, const PerplexityCommand& o) {
  nn::keep_freed_memory();
  Opened opened(o.model);
  const formats::TokenDataset data(o.data);
  opened.load_tokenizer();
  const eval::PerplexityOptions options{
      .seq_len = o.seq_len > 0 ? o.seq_len : std::min<int64_t>(1024, opened.config.max_positions),
      .stride = o.stride,
      .batch_size = o.batch_size,
      .document_mask = o.document_mask};
  if (options.seq_len > opened.config.max_positions) {
    throw usage_error(fmt::format("--seq-len {}: the model's max_position_embeddings is {}", o.seq_len,
                                  opened.config.max_positions));
  }
  if (options.stride > options.seq_len)
    throw usage_error("--stride: more than --seq-len, so tokens would be left out");
  opened.load(call, o.precision, false, options.seq_len);
  const auto r = eval::perplexity(*opened.model, data, options,
                                  opened.tokenizer ? &*opened.tokenizer : nullptr, call.run);
  const auto bits = r.bits_per_byte();
  const json object = {{"loss", r.loss()},
                       {"perplexity", r.perplexity()},
                       {"bits_per_byte", bits ? json(*bits) : json()},
                       {"tokens", r.tokens},
                       {"bytes", r.bytes ? json(*r.bytes) : json()},
                       {"documents", r.documents},
                       {"seq_len", options.seq_len},
                       {"stride", options.stride > 0 ? options.stride : options.seq_len},
                       {"document_mask", options.document_mask},
                       {"seconds", r.seconds},
                       {"tokens_per_second", per_second(static_cast<double>(r.tokens), r.seconds)}};
  call.report(
      fmt::format(
          "loss {:.4f} nats a token, perplexity {:.2f}, {} bits a byte; {} tokens in {:.1f} s ({:.0f}/s)",
          r.loss(), r.perplexity(), bits ? fmt::format("{:.4f}", *bits) : "unknown", r.tokens, r.seconds,
          per_second(static_cast<double>(r.tokens), r.seconds)),
      object);
  return finished(call);
}

int generate_ids(TorchCall& call, const GenerateCommand& o) {
  nn::keep_freed_memory();
  Opened opened(o.model);
  Output output(call, o.output, o.model, o.ids);
  if (output.up_to_date(call)) return kExitOk;
  const eval::ForwardInput input = eval::read_forward_input(o.ids, opened.config, call.run.log);
  const int64_t rows = input.ids.size(0), length = input.ids.size(1);
  opened.load(call, o.precision, false, length + o.max_tokens);
  const infer::GenerateOptions options{
      .max_tokens = o.max_tokens,
      .sampling = {o.temperature, o.top_k, o.top_p, static_cast<uint64_t>(call.seed)}};
  std::vector<std::vector<int64_t>> prompts;
  const int64_t* ids = input.ids.const_data_ptr<int64_t>();
  for (int64_t row = 0; row < rows; ++row) prompts.emplace_back(ids + row * length, ids + (row + 1) * length);
  const infer::GenerateResult result = infer::generate(*opened.model, prompts, options, call.run);
  if (call.run.stop.requested()) return kExitStopped;
  at::Tensor generated = at::empty({rows, length + o.max_tokens}, at::kLong);
  for (int64_t row = 0; row < rows; ++row) {
    generated[row].narrow(0, 0, length).copy_(input.ids[row]);
    generated[row]
        .narrow(0, length, o.max_tokens)
        .copy_(at::tensor(result.sequences[static_cast<size_t>(row)].ids, at::kLong));
  }
  const json facts = {{"rows", rows}, {"prompt_tokens", length}, {"new_tokens", o.max_tokens}};
  output.write(call, {{"generated", generated}}, facts);
  json object = facts;
  object.update(speed(result));
  call.report(o.output + ": " + speed_text(result), object);
  return kExitOk;
}

int generate_text(TorchCall& call, const GenerateCommand& o) {
  nn::keep_freed_memory();
  Opened opened(o.model);
  opened.load_tokenizer();
  if (!opened.tokenizer) {
    throw data_error(opened.folder.path + ": no tokenizer in this folder",
                     "put the model's tokenizer.json, tokenizer.model or tekken.json into it, or use --ids");
  }
  const tokenizer::Tokenizer& tok = *opened.tokenizer;
  const std::string prompt = o.prompt_file.empty() ? o.prompt : read_file(o.prompt_file);
  std::vector<int64_t> ids(tok.prefix().begin(), tok.prefix().end());
  for (const uint32_t id : tok.encode(prompt)) ids.push_back(id);
  if (ids.empty())
    throw usage_error("the prompt is empty: there is nothing to continue", "give at least one character");
  for (const int64_t id : ids) {
    if (id < opened.config.vocab_size) continue;
    throw data_error(fmt::format("{}: gives token id {}, but the model's vocabulary has {} entries",
                                 opened.tokenizer_path, id, opened.config.vocab_size),
                     "the tokenizer does not belong to this model");
  }
  const int64_t length = static_cast<int64_t>(ids.size());
  if (length + o.max_tokens > opened.config.max_positions) {
    call.run.log.warn(
        fmt::format("{} prompt tokens and {} new ones are more than the {} that the model was made for",
                    length, o.max_tokens, opened.config.max_positions));
  }
  opened.load(call, o.precision, false, length + o.max_tokens);
  infer::GenerateOptions options{
      .max_tokens = o.max_tokens,
      .sampling = {o.temperature, o.top_k, o.top_p, static_cast<uint64_t>(call.seed)}};
  if (!o.ignore_eos) options.stop_ids = end_tokens(opened);

  tokenizer::StreamDecoder decoder(tok, /*skip_special=*/true);
  std::string text;
  const auto emit = [&](const std::string& piece) {
    text += piece;
    if (!call.json) write_all(STDOUT_FILENO, piece, "stdout");
  };
  const infer::GenerateResult result =
      infer::generate(*opened.model, {ids}, options, call.run, [&](size_t, int64_t id) {
        // A vocabulary padded beyond the tokenizer's: such a token has no text.
        if (id < static_cast<int64_t>(tok.vocab_size())) emit(decoder.push(static_cast<uint32_t>(id)));
      });
  emit(decoder.finish());
  if (!call.json && isatty(STDOUT_FILENO)) write_all(STDOUT_FILENO, "\n", "stdout");
  const infer::Generated& g = result.sequences[0];
  json object = {
      {"text", text}, {"prompt_ids", ids}, {"ids", g.ids}, {"finish_reason", g.stopped ? "stop" : "length"}};
  object.update(speed(result));
  call.report(speed_text(result), object);
  return finished(call);
}

int forward(TorchCall& call, const ForwardCommand& o) {
  Opened opened(o.model);
  Output output(call, o.output, o.model, o.ids);
  if (output.up_to_date(call)) return kExitOk;
  const eval::ForwardInput input = eval::read_forward_input(o.ids, opened.config, call.run.log);
  if (o.grads && !input.labels.defined()) {
    throw usage_error("--grads: " + o.ids + " has no labels",
                      "add labels I64 [B,S] to it, or leave out --grads");
  }
  opened.load(call, o.precision, o.grads, input.max_position + 1);
  const eval::NamedTensors tensors = eval::forward(*opened.model, input, o.grads, o.hidden);
  json facts = {{"rows", input.ids.size(0)}, {"length", input.ids.size(1)}, {"tensors", tensors.size()}};
  if (const auto loss = tensors.find("loss"); loss != tensors.end())
    facts["loss"] = loss->second.item<float>();
  output.write(call, tensors, facts);
  call.report(
      fmt::format("{}: {} tensors{}", o.output, tensors.size(),
                  facts.contains("loss") ? fmt::format(", loss {:.6f}", facts["loss"].get<double>()) : ""),
      facts);
  return kExitOk;
}

}  // namespace

}  // namespace ds::evaluate

extern "C" {

int ds_eval_perplexity(ds::tools::TorchCall& call, const ds::evaluate::PerplexityCommand& options) {
  return ds::nn::guarded([&] { return ds::evaluate::perplexity(call, options); });
}
int ds_eval_generate(ds::tools::TorchCall& call, const ds::evaluate::GenerateCommand& options) {
  return ds::nn::guarded([&] {
    return options.ids.empty() ? ds::evaluate::generate_text(call, options)
                               : ds::evaluate::generate_ids(call, options);
  });
}
int ds_eval_forward(ds::tools::TorchCall& call, const ds::evaluate::ForwardCommand& options) {
  return ds::nn::guarded([&] { return ds::evaluate::forward(call, options); });
}
}
