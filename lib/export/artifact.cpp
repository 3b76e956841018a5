#include "export/artifact.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "arch/arch.h"
#include "base/error.h"
#include "base/io.h"
#include "base/mmap.h"
#include "base/parallel.h"
#include "export/weights.h"
#include "formats/gguf.h"
#include "formats/json_file.h"
#include "formats/peft.h"
#include "formats/token_dataset.h"
#include "formats/tokenizer_json_parts.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/convert.h"

namespace ds::exporting {
namespace {

using formats::Manifest;
using nlohmann::json;
using Facts = nlohmann::ordered_json;

constexpr std::string_view kManifestEnding = ".manifest.json";
constexpr const char* kManifestKey = "ds.manifest";

// ---- which format
// -------------------------------------------------------------------------------------------

std::string beginning(const std::string& path, size_t size) {
  Fd fd = open_read(path);
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    const size_t n = read_some(fd.get(), bytes.data() + have, size - have, path);
    if (n == 0) break;
    have += n;
  }
  bytes.resize(have);
  return bytes;
}

std::string kind_of_folder(const std::string& path) {
  const auto has = [&](const char* name) { return exists(join_path(path, name)); };
  if (has("adapter_config.json")) return "adapter";
  if (!has("config.json")) return "folder";
  if (has("train_state")) return "checkpoint";
  if (has("checkpoints")) return "run folder";
  const json config = formats::read_json(join_path(path, "config.json"));
  return config.is_object() && config.contains("quantization_config") ? "quantised model folder"
                                                                      : "model folder";
}

std::string kind_of_json(const std::string& path) {
  if (file_size(path) > (uint64_t{1} << 28)) return "file";
  const json j = formats::read_json(path);
  if (!j.is_object()) return "file";
  if (j.contains("model") && j.contains("added_tokens")) return "tokenizer";
  if (j.contains("model_type")) return "model config";
  return "file";
}

std::string kind_of_file(const std::string& path) {
  const std::string name = base_name(path), ending = extension_of(path);
  const std::string head = beginning(path, 9);
  if (head.starts_with("GGUF")) return "GGUF";
  if (ending == ".safetensors") return "safetensors";
  if (head == std::string_view("MMIDIDX\0\0", 9)) return "token data";
  if (ending == ".bin" && exists(formats::dataset_prefix(path) + ".idx")) return "token data";
  if (name == "manifest.json" || name.ends_with(kManifestEnding)) return "manifest";
  for (const char* s : {".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst"})
    if (name.ends_with(s)) return "JSONL";
  if (ending == ".json") return kind_of_json(path);
  if (head.size() == 9 && head[8] == '{' && head.substr(4, 4) == std::string(4, '\0')) return "safetensors";
  return "file";
}

// The manifest that vouches for a file: its own, or that of the folder it lies in.
void find_manifest(Artifact& a) {
  if (a.kind == "manifest") {
    const std::string name = base_name(a.path);
    a.home = name == "manifest.json" ? folder_of(a.path)
                                     : a.path.substr(0, a.path.size() - kManifestEnding.size());
    a.manifest = formats::parse_manifest(read_file(a.path, uint64_t{64} << 20), a.path);
    return;
  }
  a.manifest = formats::read_manifest(a.home);
  if (a.manifest) return;
  const std::string folder = folder_of(a.path);
  if (!is_folder(a.path) && exists(join_path(folder, "manifest.json"))) {
    auto of_folder = formats::read_manifest(folder);
    const bool listed = of_folder && std::any_of(of_folder->outputs.begin(), of_folder->outputs.end(),
                                                 [&](const auto& o) { return o.name == base_name(a.path); });
    if (listed) {
      a.home = folder;
      a.manifest = std::move(of_folder);
    }
  }
}

// ---- facts
// --------------------------------------------------------------------------------------------------

std::string shown(const json& j) { return j.is_string() ? j.get<std::string>() : j.dump(); }

// "BF16 14, F32 5": how many tensors of each type, most first.
class Tally {
 public:
  void add(std::string_view type) { ++counts_[std::string(type)]; }
  json object() const { return counts_; }

 private:
  std::map<std::string, uint64_t> counts_;
};

void add_tokenizer_facts(Facts& f, const std::string& path) {
  const formats::TokenizerJson t = tokenizer::tokenizer_from_file(path);
  static constexpr const char* kModels[] = {"BPE", "Unigram", "WordPiece", "WordLevel"};
  const auto splits = tokenizer::byte_level_splits(t);
  const tokenizer::KnownPattern* const known = splits ? splits->known() : nullptr;
  f["model"] = kModels[static_cast<int>(t.model.type)];
  f["entries"] = t.size();
  f["merges"] = t.model.merges.size();
  f["added_tokens"] = t.added.size();
  f["pattern"] = known ? known->name : "other";
  if (t.normalizer) f["normalizer"] = formats::kNormalizerTypes[static_cast<int>(t.normalizer->type)];
}

void add_config_facts(Facts& f, const json& config, const std::string& path) {
  f["architecture"] = shown(config.value("model_type", json("unknown")));
  try {
    const arch::ModelConfig c = arch::parse_config(config, path);
    f["layers"] = c.layers;
    f["hidden_size"] = c.hidden_size;
    f["heads"] = fmt::format("{} query, {} key/value, of {}", c.heads, c.kv_heads, c.head_dim);
    f["vocabulary"] = c.vocab_size;
    f["context"] = c.max_positions;
    f["rope"] = c.rope.type;
    f["tied_embedding"] = c.tie_word_embeddings;
    f["parameters"] = arch::parameter_count(c);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::data) throw;
    f["note"] = std::string("these tools cannot run it: ") + e.what();
  }
}

void add_training_facts(Facts& f, const std::string& folder) {
  const std::string state = join_path(folder, "train_state/state.json");
  if (exists(state)) {
    const json j = formats::read_json(state);
    for (const char* key : {"step", "tokens"})
      if (j.is_object() && j.contains(key)) f[key] = j[key];
  }
  const std::string checkpoints = join_path(folder, "checkpoints");
  if (exists(checkpoints)) f["checkpoints"] = list_folder(checkpoints);
}

void describe_model(Facts& f, const Artifact& a) {
  const formats::ModelFolder model = formats::open_model_folder(a.path);
  add_config_facts(f, model.config, model.config_path);
  Tally types;
  uint64_t bytes = 0, numbers = 0;
  for (const formats::StoredTensor& t : model.tensors()) {
    types.add(formats::dtype_name(t.info->dtype));
    bytes += t.info->bytes();
  }
  std::optional<formats::Quantization> q;
  if (model.config.contains("quantization_config")) {
    q = formats::parse_quantization(model.config, model.config_path);
    uint64_t packed = 0;
    for (const std::string& name : weight_names(model, q)) {
      const Weight w(model, q, name);
      packed += w.packed();
      numbers += w.rows() * w.row_size();
    }
    f["quantisation"] = fmt::format("{} bits, {}", q->bits,
                                    q->group > 0 ? fmt::format("groups of {}", q->group) : "a scale per row");
    f["packed_layers"] = packed;
  } else {
    for (const formats::StoredTensor& t : model.tensors()) numbers += t.info->elements();
  }
  if (!f.contains("parameters")) f["parameters"] = numbers;
  if (numbers > 0) f["bits_per_weight"] = 8.0 * static_cast<double>(bytes) / static_cast<double>(numbers);
  f["tensors"] = model.tensors().size();
  f["types"] = types.object();
  f["weight_files"] = model.files.size();
  f["size"] = bytes;
  const std::string tokenizer = tokenizer::tokenizer_file_in(a.path);
  if (!tokenizer.empty()) {
    Facts t;
    add_tokenizer_facts(t, tokenizer);
    f["tokenizer"] =
        fmt::format("{} entries, {}", t["entries"].get<uint64_t>(), t["pattern"].get<std::string>());
  }
  add_training_facts(f, a.path);
}

void describe_adapter(Facts& f, const Artifact& a) {
  const json config = formats::read_json(join_path(a.path, "adapter_config.json"));
  for (const char* key :
       {"peft_type", "r", "lora_alpha", "target_modules", "modules_to_save", "base_model_name_or_path"})
    if (config.is_object() && config.contains(key) && !config[key].is_null()) f[key] = config[key];
  const formats::SafetensorsFile file(join_path(a.path, "adapter_model.safetensors"));
  Tally types;
  uint64_t bytes = 0, numbers = 0;
  for (const formats::TensorInfo& t : file.tensors()) {
    types.add(formats::dtype_name(t.dtype));
    bytes += t.bytes();
    numbers += t.elements();
  }
  f["parameters"] = numbers;
  f["tensors"] = file.tensors().size();
  f["types"] = types.object();
  f["size"] = bytes;
  try {
    const formats::PeftAdapter adapter = formats::read_peft_adapter(a.path);
    f["modules"] = adapter.modules.size();
    f["replaces"] = adapter.saved.size();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::data) throw;
    f["note"] = std::string("cannot be merged: ") + e.what();
  }
}

json gguf_value(const formats::GgufValue& v) {
  if (v.type == formats::GgufType::array)
    return fmt::format("{} x {}", v.count, formats::gguf_type_name(v.element));
  if (v.type == formats::GgufType::boolean) return *v.integer() != 0;
  if (const auto n = v.integer()) return *n;
  if (const auto n = v.number()) return *n;
  const std::string_view text = v.text().value_or("");
  return std::string(text.substr(0, 200)) + (text.size() > 200 ? "…" : "");
}

void describe_gguf(Facts& f, const Artifact& a) {
  const formats::GgufFile file(a.path);
  const auto text = [&](const std::string& key) -> std::string {
    const formats::GgufValue* v = file.find(key);
    return std::string(v ? v->text().value_or("") : "");
  };
  f["version"] = file.version();
  f["architecture"] = text("general.architecture");
  Tally types;
  uint64_t numbers = 0, bytes = 0;
  for (const formats::GgufTensor& t : file.tensors()) {
    types.add(t.type->name);
    numbers += t.elements();
    bytes += t.bytes;
  }
  f["parameters"] = numbers;
  if (numbers > 0) f["bits_per_weight"] = 8.0 * static_cast<double>(bytes) / static_cast<double>(numbers);
  f["tensors"] = file.tensors().size();
  f["types"] = types.object();
  f["size"] = file.size();
  if (const formats::GgufValue* tokens = file.find("tokenizer.ggml.tokens")) {
    f["tokenizer"] = fmt::format("{} entries, {} {}", tokens->count, text("tokenizer.ggml.model"),
                                 text("tokenizer.ggml.pre"));
  }
  f["chat_template"] = file.find("tokenizer.chat_template") != nullptr;
  Facts metadata = Facts::object();
  for (const auto& [key, value] : file.metadata())
    if (key != kManifestKey && key != "tokenizer.chat_template") metadata[key] = gguf_value(value);
  f["metadata"] = std::move(metadata);
}

void describe_safetensors(Facts& f, const Artifact& a) {
  const formats::SafetensorsFile file(a.path);
  Tally types;
  uint64_t numbers = 0;
  for (const formats::TensorInfo& t : file.tensors()) {
    types.add(formats::dtype_name(t.dtype));
    numbers += t.elements();
  }
  f["tensors"] = file.tensors().size();
  f["numbers"] = numbers;
  f["types"] = types.object();
  f["size"] = file_size(a.path);
}

void describe_token_data(Facts& f, const Artifact& a) {
  const formats::TokenDataset data(a.path);
  f["documents"] = data.documents();
  f["tokens"] = data.tokens();
  f["sequences"] = data.sequences();
  f["type"] = formats::token_type_name(data.type());
  if (data.vocab_size()) f["vocabulary"] = *data.vocab_size();
  if (data.eos_id()) f["end_token"] = *data.eos_id();
  f["size"] = file_size(data.prefix() + ".bin") + file_size(data.prefix() + ".idx");
}

void describe_jsonl(Facts& f, const Artifact& a) {
  f["size"] = file_size(a.path);
  if (a.path.ends_with(".gz") || a.path.ends_with(".zst")) return;
  const MappedFile file(a.path);
  const std::string_view text = file.view();
  uint64_t lines = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  if (!text.empty() && text.back() != '\n') ++lines;
  f["lines"] = lines;
}

}  // namespace

Artifact identify(const std::string& path) {
  Artifact a{path, "", path, {}, false};
  if (!exists(path)) {
    if (!exists(path + ".idx")) throw io_error(path + ": no such file or folder");
    a.kind = "token data";
  } else {
    a.kind = is_folder(path) ? kind_of_folder(path) : kind_of_file(path);
  }
  if (a.kind == "token data") a.home = formats::dataset_prefix(path);
  find_manifest(a);
  if (!a.manifest && a.kind == "GGUF") {
    const formats::GgufFile file(path);
    const formats::GgufValue* inside = file.find(kManifestKey);
    if (inside && inside->text()) {
      a.manifest = formats::parse_manifest(std::string(*inside->text()), path + ": " + kManifestKey);
      a.inside = true;
    }
  }
  if (a.kind == "folder" && !a.manifest) {
    throw data_error(path + ": holds neither a model, nor an adapter, nor a manifest",
                     "name a folder that one of these tools wrote, or a file in it");
  }
  return a;
}

Facts describe(const Artifact& a) {
  Facts f = Facts::object();
  if (a.kind.ends_with("folder") && a.kind != "folder") {
    describe_model(f, a);
  } else if (a.kind == "checkpoint") {
    describe_model(f, a);
  } else if (a.kind == "adapter") {
    describe_adapter(f, a);
  } else if (a.kind == "GGUF") {
    describe_gguf(f, a);
  } else if (a.kind == "safetensors") {
    describe_safetensors(f, a);
  } else if (a.kind == "token data") {
    describe_token_data(f, a);
  } else if (a.kind == "JSONL") {
    describe_jsonl(f, a);
  } else if (a.kind == "tokenizer") {
    add_tokenizer_facts(f, a.path);
    f["size"] = file_size(a.path);
  } else if (a.kind == "model config") {
    add_config_facts(f, formats::read_json(a.path), a.path);
    f["size"] = file_size(a.path);
  } else if (a.kind == "file") {
    f["size"] = file_size(a.path);
  }
  if (a.kind == "manifest" || a.kind == "folder") {
    uint64_t size = 0;
    json names = json::array();
    for (const auto& output : a.manifest->outputs) {
      size += output.digest.size;
      names.push_back(output.name);
    }
    f["outputs"] = names;
    f["size"] = size;
  }
  return f;
}

std::vector<VerifiedFile> verify_files(const Artifact& a, int threads) {
  if (!a.manifest || a.inside) {
    throw io_error(formats::manifest_path(a.home) + ": no such file",
                   "hashes stand in the manifest beside an artifact; copy it along");
  }
  const std::string folder = is_folder(a.home) ? a.home : folder_of(a.home);
  std::vector<VerifiedFile> files;
  for (const formats::ManifestOutput& output : a.manifest->outputs) {
    if (output.name.empty() || output.name.front() == '/' ||
        ("/" + output.name + "/").find("/../") != std::string::npos) {
      throw data_error(fmt::format("{}: names an output \"{}\": expected a path below its own folder",
                                   formats::manifest_path(a.home), output.name));
    }
    files.push_back({output.name, output.digest, {}});
  }
  if (files.empty()) throw data_error(formats::manifest_path(a.home) + ": lists no outputs");
  parallel_for(threads, files.size(), [&](uint64_t begin, uint64_t end) {
    for (uint64_t i = begin; i < end; ++i) {
      const std::string path = join_path(folder, files[i].name);
      if (exists(path) && !is_folder(path)) files[i].found = digest_file(path);
    }
  });
  return files;
}

}  // namespace ds::exporting
