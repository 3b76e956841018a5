// The chain of manifests from an artifact back to the raw files, as one object and as an indented tree.
//
//   { "tool", "version", "command", "options", "seed", "facts",
//     "inputs": [ { "role", "size", "sha256", "raw": true } or { …, "made_by": {the same again} } ] }
//
// An input is raw when nothing is known of how it was made.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "formats/manifest.h"

namespace ds::exporting {

nlohmann::json provenance(const formats::Manifest& manifest);

// Lines, each with `indent` spaces before it and two more for every step back.
std::string provenance_text(const nlohmann::json& provenance, int indent);

// "1,234,567".
std::string grouped(uint64_t n);

}  // namespace ds::exporting
