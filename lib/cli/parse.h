// argv -> option table. CLI11 says which token belongs to which option; values, checks and messages are ours.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"

namespace ds::cli {

// What the command line says for one option, in order of appearance.
struct Given {
  Option* option;
  std::vector<std::string> texts;
};

struct Parsed {
  std::vector<Given> options;
  std::vector<std::string> positionals;
};

// Splits the arguments (program and command name removed). Throws usage_error for unknown options (naming the
// nearest) and missing values. Sets nothing.
Parsed parse_arguments(const OptionTable& table, const std::vector<std::string>& arguments);

// Writes what was given into the fields; throws usage_error.
void apply_options(const Parsed& parsed);
void apply_positionals(const OptionTable& table, const std::vector<std::string>& texts);

// Sets options whose DS_ variable is in the environment.
void apply_environment(const OptionTable& table);

// Throws usage_error when a required option or positional has no value.
void check_required(const OptionTable& table);

}  // namespace ds::cli
