// Stored cases of the reference library: JSON objects, one a line, plain or compressed, in
// testdata/tokenizer.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/byte_source.h"

inline std::string tokenizer_data(const std::string& name) {
  return std::string(DS_TESTDATA "/tokenizer/") + name;
}

inline std::vector<nlohmann::json> stored_cases(const std::string& name) {
  ds::formats::ByteSource source(tokenizer_data(name));
  ds::formats::LineReader lines(source);
  std::vector<nlohmann::json> all;
  for (std::string line; lines.next(line);) all.push_back(nlohmann::json::parse(line));
  return all;
}
