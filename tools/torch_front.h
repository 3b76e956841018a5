// The front side of torch_entry.h: fills a TorchCall from the command line's context, loads ds_model and
// calls it.
#pragma once

#include "base/plugin.h"
#include "cli/tool.h"
#include "torch_entry.h"

namespace ds::tools {

template <class Options>
int call_torch(cli::Context& context, const char* symbol, const Options& options,
               const char* library = "ds_model") {
  TorchCall call{context.run, context.tool, context.command, cli::values(context.table, true)};
  call.seed = context.common.seed;
  call.device = context.common.device;
  call.resume = context.common.resume;
  call.depfile = context.common.depfile;
  call.force = context.common.force;
  call.dry_run = context.common.dry_run;
  call.json = context.common.json;
  call.report = [&context](const std::string& human, const nlohmann::json& object) {
    context.report(human, object);
  };
  void* entry = load_symbol(library, symbol, "LibTorch is missing or was moved: build again with `make`");
  return reinterpret_cast<TorchEntry<Options>>(entry)(call, options);
}

}  // namespace ds::tools
