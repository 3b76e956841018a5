// The commands: each binds its options and returns what runs them.
#pragma once

#include <functional>
#include <string>

#include "artifact_command.h"
#include "cli/tool.h"

namespace ds::exporting {

std::function<int(cli::Context&)> gguf_command(cli::OptionTable& t);
std::function<int(cli::Context&)> merge_command(cli::OptionTable& t);
std::function<int(cli::Context&)> inspect_command(cli::OptionTable& t);
std::function<int(cli::Context&)> verify_command(cli::OptionTable& t);

using tools::planned_manifest;
using tools::report_up_to_date;

}  // namespace ds::exporting
