// Where a run of encode stands, as a small file beside its output (`.data.ds-checkpoint`) that is replaced as
// a whole once the output's parts are on disk. A run of the same plan goes on from it to the bytes of an
// undisturbed run.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ds-tokenize/encode_work.h"

namespace ds::tokenize {

struct Checkpoint {
  std::vector<Source> sources;  // of the inputs begun; all but the last are done
  nlohmann::json place;         // of the output
};

// Everything that decides the bytes, as a hash, without reading the inputs: paths, sizes and times stand for
// them.
std::string plan_of(const formats::Manifest& work, const std::string& tokenizer_sha256,
                    const std::vector<formats::CorpusInput>& inputs);

void write_checkpoint(const EncodeJob& job, const Checkpoint& checkpoint);
// nullopt when there is none, or it belongs to another plan or is damaged.
std::optional<Checkpoint> read_checkpoint(const EncodeJob& job);

// As facts.sources of a manifest and checkpoints have them. Throws what nlohmann::json throws.
nlohmann::json to_json(const std::vector<Source>& sources);
std::vector<Source> sources_from(const nlohmann::json& j);

}  // namespace ds::tokenize
