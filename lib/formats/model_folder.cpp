// Model folders; see the header.
#include "formats/model_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/io.h"

namespace ds::formats {
namespace {

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

// The shards that the index names, each of which must hold the tensors that the index puts there.
void open_shards(ModelFolder& model, const std::string& index_path) {
  const nlohmann::json index = read_json(index_path);
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || map == index.end() || !map->is_object() || map->empty()) {
    throw data_error(index_path + ": weight_map is missing or empty");
  }
  std::set<std::string> names;
  for (const auto& [tensor, file] : map->items()) {
    if (!file.is_string())
      throw data_error(fmt::format("{}: the file of {} is no string", index_path, tensor));
    const std::string name = file.get<std::string>();
    if (name.empty() || name.find('/') != std::string::npos || name.front() == '.' ||
        name.find('\0') != std::string::npos) {
      throw data_error(fmt::format("{}: the file of {} is \"{}\": expected a name in the same folder",
                                   index_path, tensor, name));
    }
    names.insert(name);
  }
  std::unordered_set<std::string> seen;
  for (const std::string& name : names) {
    const std::string path = join_path(model.folder, name);
    if (!exists(path))
      throw data_error(fmt::format("{}: is missing ({} names it)", path, base_name(index_path)),
                       "copy the folder again");
    model.files.push_back(std::make_shared<SafetensorsFile>(path));
    for (const TensorInfo& t : model.files.back()->tensors()) {
      if (!seen.insert(t.name).second)
        throw data_error(fmt::format("{}: tensor {} is in another shard too", path, t.name));
    }
  }
  for (const auto& [tensor, file] : map->items()) {
    const StoredTensor found = model.find(tensor);
    if (!found || base_name(found.file->path()) != file.get<std::string>()) {
      throw data_error(
          fmt::format("{}: tensor {} is not in {}", index_path, tensor, file.get<std::string>()));
    }
  }
}

// Which tensors go into which file: filled in order, a new one when the next tensor would not fit.
std::vector<std::vector<TensorDecl>> cut_shards(const std::vector<TensorDecl>& tensors, uint64_t max_size) {
  std::vector<std::vector<TensorDecl>> shards(1);
  uint64_t size = 0;
  for (const TensorDecl& t : tensors) {
    const uint64_t bytes = tensor_bytes(t.dtype, t.shape).value_or(0);  // the writer refuses impossible ones
    if (max_size > 0 && size > 0 && bytes > max_size - std::min(size, max_size)) {
      shards.emplace_back();
      size = 0;
    }
    shards.back().push_back(t);
    size += bytes;
  }
  return shards;
}

}  // namespace

const std::vector<std::string> kTokenizerFiles = {"tokenizer.json",
                                                  "tokenizer_config.json",
                                                  "special_tokens_map.json",
                                                  "added_tokens.json",
                                                  "chat_template.jinja",
                                                  "tokenizer.model",
                                                  "tekken.json",
                                                  "vocab.json",
                                                  "merges.txt",
                                                  "vocab.txt"};

StoredTensor ModelFolder::find(std::string_view name) const {
  for (const auto& file : files) {
    if (const TensorInfo* info = file->find(name)) return {file.get(), info};
  }
  return {};
}

StoredTensor ModelFolder::at(std::string_view name) const {
  const StoredTensor found = find(name);
  if (!found)
    throw data_error(fmt::format("{}: there is no tensor {}", path, name),
                     "do config.json and the weights belong together?");
  return found;
}

std::vector<StoredTensor> ModelFolder::tensors() const {
  std::vector<StoredTensor> all;
  for (const auto& file : files) {
    for (const TensorInfo& info : file->tensors()) all.push_back({file.get(), &info});
  }
  return all;
}

ModelFolder open_model_folder(const std::string& path, bool weights_optional) {
  ModelFolder model;
  model.path = path;
  const bool folder = is_folder(path);
  model.folder = folder ? path : folder_of(path);
  model.config_path = folder ? join_path(path, "config.json") : path;
  if (folder && !exists(model.config_path)) {
    throw io_error(path + ": there is no config.json in it", "name a model folder or a config.json");
  }
  model.config = read_json(model.config_path);
  if (!model.config.is_object()) throw data_error(model.config_path + ": not a JSON object");
  if (!folder) return model;

  const std::string generation = join_path(path, "generation_config.json");
  if (exists(generation)) model.generation_config = read_json(generation);
  for (const std::string& name : kTokenizerFiles) {
    if (exists(join_path(path, name))) model.tokenizer_files.push_back(name);
  }
  const std::string single = join_path(path, kWeights), index = join_path(path, kIndex);
  if (exists(single)) {
    model.files.push_back(std::make_shared<SafetensorsFile>(single));
  } else if (exists(index)) {
    open_shards(model, index);
  } else if (!weights_optional) {
    throw io_error(fmt::format("{}: there is no {} in it", path, kWeights),
                   "weights are read from safetensors only");
  }
  return model;
}

std::vector<ManifestOutput> write_model_folder(const std::string& folder, const ModelFolderPlan& plan,
                                               const TensorSource& source) {
  std::vector<ManifestOutput> outputs;
  const auto add = [&](const std::string& name, const std::string& bytes) {
    outputs.push_back({name, write_file(join_path(folder, name), bytes)});
  };
  add("config.json", pretty_json(plan.config));
  if (!plan.generation_config.is_null()) add("generation_config.json", pretty_json(plan.generation_config));
  for (const std::string& path : plan.tokenizer_files) add(base_name(path), read_file(path));

  const auto shards = cut_shards(plan.tensors, plan.max_shard_size);
  nlohmann::json weight_map = nlohmann::json::object();
  uint64_t total_size = 0, parameters = 0;
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string name =
        shards.size() == 1 ? kWeights : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    SafetensorsWriter writer(join_path(folder, name), shards[i]);
    for (const TensorInfo& t : writer.order()) {
      writer.write(t.name, source(t));
      weight_map[t.name] = name;
      total_size += t.bytes();
      parameters += t.elements();
    }
    outputs.push_back({name, writer.commit()});
  }
  if (shards.size() > 1) {
    add(kIndex, pretty_json({{"metadata", {{"total_parameters", parameters}, {"total_size", total_size}}},
                             {"weight_map", weight_map}}));
  }
  std::sort(outputs.begin(), outputs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return outputs;
}

}  // namespace ds::formats
