// What the commands that write cleaned documents have in common: manifests, plans for resuming, temporary
// folders.
#pragma once

#include <string>
#include <vector>

#include "cli/tool.h"
#include "formats/manifest.h"
#include "options.h"

namespace ds::clean_tool {

inline bool is_stream(const std::string& path) { return path == "-"; }

// A folder that goes when this goes, unless it is kept.
struct WorkFolder {
  std::string path;
  bool keep = false;
  WorkFolder() = default;
  WorkFolder(const WorkFolder&) = delete;
  ~WorkFolder();
};
// A fresh folder in `parent`, or where temporary files go.
std::string fresh_folder(const std::string& parent);

// The recipe for manifests: complete, with base names in place of the files that parameters name; those files
// are added to `inputs` as "step.parameter" when `digest` is set.
nlohmann::json portable_recipe(const clean::Recipe& recipe, std::vector<std::string>* files);

// Everything that decides the bytes, as a hash, without reading the inputs: paths, sizes and times stand for
// them.
std::string plan_of(const nlohmann::json& work, const clean::Recipe& recipe,
                    const std::vector<formats::CorpusInput>& inputs);

}  // namespace ds::clean_tool
