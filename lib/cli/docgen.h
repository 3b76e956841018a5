// Machine-made documents from the option tables: manual page, shell completions, the list of options that CI
// compares.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/tool.h"

namespace ds::cli {

// A command with its complete table (shared options included), in the order of the tool's commands.
struct Declared {
  const Command* command;
  const OptionTable* table;
};

std::string man_page(const Tool& tool, const std::vector<Declared>& commands);  // roff, man macros
std::string bash_completion(const Tool& tool, const std::vector<Declared>& commands);
std::string zsh_completion(const Tool& tool, const std::vector<Declared>& commands);
std::string option_list(const Tool& tool, const std::vector<Declared>& commands);  // sorted lines

}  // namespace ds::cli
