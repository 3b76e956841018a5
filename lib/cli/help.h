// Text for people, made from the option tables: short help, --help, and examples picked from
// tools/ds-x/examples.txt.
#pragma once

#include <string>
#include <vector>

#include "cli/tool.h"

namespace ds::cli {

// "ds-tokenize train [OPTIONS] INPUT..." (without "Usage:").
std::string usage_line(const Tool& tool, const Command& command, const OptionTable& table);

// The examples that concern `command`: every "$ " line naming "tool command" with the comment lines above it.
// All of them for a tool of one command. `limit` 0 is no limit.
std::string examples_for(const Tool& tool, const std::string& command, size_t limit = 0);

std::string command_help(const Tool& tool, const Command& command, const OptionTable& table);
std::string tool_help(const Tool& tool);   // of a tool with commands: their list
std::string short_help(const Tool& tool);  // no arguments at all

// Option groups in the order of declaration, positionals left out.
std::vector<std::string> group_names(const OptionTable& table);

// "-o, --output FILE" and "what it is [default: 8]".
std::string option_head(const Option& option);
std::string option_notes(const Option& option);

}  // namespace ds::cli
