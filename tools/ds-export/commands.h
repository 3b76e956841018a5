// The commands: each binds its options and returns what runs them.
#pragma once

#include <functional>
#include <string>

#include "cli/tool.h"
#include "formats/manifest.h"

namespace ds::exporting {

std::function<int(cli::Context&)> gguf_command(cli::OptionTable& t);
std::function<int(cli::Context&)> merge_command(cli::OptionTable& t);
std::function<int(cli::Context&)> inspect_command(cli::OptionTable& t);
std::function<int(cli::Context&)> verify_command(cli::OptionTable& t);

// A manifest with tool, version, command and options filled in.
formats::Manifest planned_manifest(const cli::Context& ctx);
// Says that nothing is to be done; with --json also what the artifact is (its facts).
int report_up_to_date(cli::Context& ctx, const std::string& artifact);

}  // namespace ds::exporting
