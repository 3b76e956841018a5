// manifest.json: what an artifact is and what it was made from. A folder holds `manifest.json`, a file F has
// `F.manifest.json` beside it. It is written last, so an artifact is complete exactly when its manifest is
// there.
//
// Layout (JSON, keys sorted, two-space indent, final newline):
//   { "format": 1, "tool": "ds-clean", "version": "0.1.0", "command": "",
//     "options": {…those that change the bytes…}, "seed": 0,
//     "inputs":  [ {"role": "input", "size": N, "sha256": "…", "from": {…the input's own manifest, when it
//     has one…}} ], "outputs": [ {"name": "clean.jsonl", "size": N, "sha256": "…"} ], "facts": {…counts…} }
// Never in it: argv, paths, thread counts, clock, host. So equal inputs give equal bytes.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"

namespace ds::formats {

struct ManifestInput {
  std::string role;  // "input", "tokenizer", "model", "data", "validation", "stdin", …
  FileDigest digest;
  nlohmann::json from;  // null, or the input's own manifest
};

struct ManifestOutput {
  std::string name;  // base name, or the path inside a folder artifact
  FileDigest digest;
};

struct Manifest {
  std::string tool, version, command;
  nlohmann::json options = nlohmann::json::object();
  int64_t seed = 0;
  std::vector<ManifestInput> inputs;
  std::vector<ManifestOutput> outputs;
  nlohmann::json facts =
      nlohmann::json::object();  // counts that readers may use: documents, tokens, dtype, …

  nlohmann::json to_json() const;
  std::string text() const;  // the bytes of the file
  // Same tool, version, command, options, seed and inputs: a rerun would give the same outputs.
  bool same_work(const Manifest& other) const;
};

std::string manifest_path(const std::string& artifact);  // folder/manifest.json or file.manifest.json
Manifest parse_manifest(const std::string& text, const std::string& name);  // throws data
std::optional<Manifest> read_manifest(const std::string& artifact);         // nullopt when there is none

// The input's digest and, when a manifest lies beside it (or in the folder), that manifest. A folder input is
// digested through the outputs its manifest lists, or through all its files in sorted order when it has none
// (or when it lies). `path` may also be the stem of several files (data.bin, data.idx) whose manifest is
// data.manifest.json. A stream ("-", a FIFO) cannot be described before it is read: use
// ByteSource::raw_digest().
ManifestInput describe_input(const std::string& role, const std::string& path);

// The same of a plain file whose digest is known from reading it.
ManifestInput described_input(const std::string& role, const std::string& path, const FileDigest& digest);

// Size, time and place of a file as JSON, which stand for its contents as long as it is the same file.
nlohmann::json file_mark(const std::string& path);

// True when `artifact` is complete and was made by the same work: its manifest agrees and every output is
// there with the recorded size. Then the tool has nothing to do.
bool up_to_date(const std::string& artifact, const Manifest& planned);

void write_manifest(const std::string& artifact, const Manifest& manifest);
// Call it right before the first output of an artifact is replaced, so that an old manifest never vouches for
// new files.
void remove_manifest(const std::string& artifact);

// A make rule `output: inputs…` with make's escapes, written atomically.
void write_depfile(const std::string& path, const std::string& output,
                   const std::vector<std::string>& inputs);

}  // namespace ds::formats
