// The options of ds-clean as the command line knows them, and what the library makes of them.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "text/cleaner.h"

namespace ds::clean_tool {

struct Options {
  std::vector<std::string> inputs;
  std::string output, rejects, report;
  std::string input_format = "auto", split = "file", normalize = "nfc", invalid_utf8 = "replace",
              repetition = "gopher";
  std::string dedup = "minhash";
  text::CleanOptions clean;
};

void declare(cli::OptionTable& table, Options& options);

// options.clean completed from the choices above.
text::CleanOptions library_options(const Options& options, int64_t seed);

}  // namespace ds::clean_tool
