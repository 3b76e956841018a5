// What a file or folder is, of everything that the tools read or write: found by its content, described in a
// few facts, with the manifest that belongs to it.
//
// Describing opens it with the reader of its format, so a description is a check of the structure too: what
// is damaged throws a data error. What is whole but beyond these tools (an unknown architecture, an adapter
// that cannot be merged) is described as far as it is understood, with a fact "note".
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "formats/manifest.h"

namespace ds::exporting {

struct Artifact {
  std::string path;  // as given
  std::string kind;  // "model folder", "run folder", "checkpoint", "quantised model folder", "adapter",
                     // "GGUF", "safetensors", "tokenizer", "token data", "JSONL", "model config",
                     // "manifest", "file", "folder"
  std::string home;  // what the manifest is named after; see formats::manifest_path
  std::optional<formats::Manifest> manifest;
  bool inside = false;  // the manifest was in the file itself (GGUF) and lists no outputs
};

Artifact identify(const std::string& path);  // throws io when it is missing, data for a damaged manifest

// Facts in the order in which they are shown.
nlohmann::ordered_json describe(const Artifact& artifact);

struct VerifiedFile {
  std::string name;  // as the manifest has it
  FileDigest expected;
  std::optional<FileDigest> found;  // nothing: there is no such file
  bool same() const { return found == expected; }
};
// Hashes every output that the manifest lists. Throws io when the artifact has no manifest beside it.
std::vector<VerifiedFile> verify_files(const Artifact& artifact, int threads);

}  // namespace ds::exporting
