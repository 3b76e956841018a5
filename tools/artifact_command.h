// What the torch-free commands that write an artifact begin and end with.
#pragma once

#include <string>

#include "base/build_info.h"
#include "cli/tool.h"
#include "formats/manifest.h"

namespace ds::tools {

// A manifest with tool, version, command and options filled in.
inline formats::Manifest planned_manifest(const cli::Context& ctx) {
  formats::Manifest m;
  m.tool = ctx.tool;
  m.version = build_info().version;
  m.command = ctx.command;
  m.options = cli::values(ctx.table, true);
  return m;
}

// Says that nothing is to be done; with --json also what the artifact is (its facts).
inline int report_up_to_date(cli::Context& ctx, const std::string& artifact) {
  const auto manifest = formats::read_manifest(artifact);
  ctx.report(artifact + ": up to date", manifest ? manifest->facts : nlohmann::json::object());
  return kExitOk;
}

}  // namespace ds::tools
