// Config files: flat TOML or JSON (by content) whose keys are the long flag names. Strict: an unknown key or
// a value of the wrong type is a usage error that names file and line.
#pragma once

#include <string>

#include "cli/options.h"

namespace ds::cli {

// Reads `path` ("-" is stdin) and sets the options it names. Throws usage (content) or io (file).
void apply_config(const OptionTable& table, const std::string& path);

// The same for text already in memory; `name` stands for the file in messages.
void apply_config_text(const OptionTable& table, const std::string& text, const std::string& name);

}  // namespace ds::cli
