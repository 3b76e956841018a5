// The options of ds-export's four commands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/options.h"

namespace ds::exporting {

struct GgufCommand {
  std::string model, output, type = "auto", name;
  bool tokenizer = true;
};
void declare(cli::OptionTable& t, GgufCommand& o);

struct MergeCommand {
  std::string model, adapter, output, dtype = "auto";
  uint64_t max_shard_size = 5'000'000'000;
};
void declare(cli::OptionTable& t, MergeCommand& o);

struct PathsCommand {
  std::vector<std::string> paths;
};
void declare_inspect(cli::OptionTable& t, PathsCommand& o);
void declare_verify(cli::OptionTable& t, PathsCommand& o);

}  // namespace ds::exporting
