// A Hugging Face model folder: config.json, generation_config.json, model.safetensors (or shards with an
// index) and the tokenizer's files. Or a bare config.json: a model to be trained from nothing.
//
// Weights may be one file or shards; tensors are found by name either way. Whether the sizes in config.json
// make sense is lib/arch's business; here only the files are read.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json_file.h"
#include "formats/manifest.h"
#include "formats/safetensors.h"

namespace ds::formats {

struct StoredTensor {
  const SafetensorsFile* file = nullptr;  // nullptr: not found
  const TensorInfo* info = nullptr;
  explicit operator bool() const { return info != nullptr; }
  std::string_view bytes() const { return file->bytes(*info); }
};

struct ModelFolder {
  std::string path;         // as given: a folder, or a config.json
  std::string folder;       // where the other files lie; for a bare config.json its folder
  std::string config_path;  // for messages
  nlohmann::json config;
  nlohmann::json generation_config;  // null when absent
  std::vector<std::string>
      tokenizer_files;  // names in `folder` that are there, of kTokenizerFiles; none for a bare config
  std::vector<std::shared_ptr<const SafetensorsFile>> files;  // none for a bare config.json

  bool has_weights() const { return !files.empty(); }
  StoredTensor find(std::string_view name) const;
  StoredTensor at(std::string_view name) const;  // throws data, naming folder and tensor
  std::vector<StoredTensor> tensors() const;     // all, in file order
};

// File names that belong to a tokenizer, "tokenizer.json" first.
extern const std::vector<std::string> kTokenizerFiles;

// `path`: a model folder, a run folder, or a JSON file. A folder without weights is an error unless
// `weights_optional`. Throws io (missing), data (not JSON, contradictory index, damaged weights).
ModelFolder open_model_folder(const std::string& path, bool weights_optional = false);

// What a model folder is made of. Tensors in the model's own order; bytes come from `source` when they are
// written.
struct ModelFolderPlan {
  nlohmann::json config;
  nlohmann::json generation_config;  // null: no such file
  std::vector<TensorDecl> tensors;
  uint64_t max_shard_size = 0;               // bytes of tensor data per file; 0: one file
  std::vector<std::string> tokenizer_files;  // paths to copy, each under its base name
};

// Writes the files into `folder` (the temporary path of an AtomicFolder) and returns them for the manifest,
// sorted by name.
std::vector<ManifestOutput> write_model_folder(const std::string& folder, const ModelFolderPlan& plan,
                                               const TensorSource& source);

}  // namespace ds::formats
