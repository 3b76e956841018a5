// The door between the front of a tool, which is torch-free and starts in milliseconds, and its torch side in
// libds_model.so, which is loaded when there is work to do.
//
// Front (main.cpp):         return ds::tools::call_torch(context, "ds_eval_run", options);
// Torch side (torch_side.cpp, compiled into ds_model):
//   extern "C" int ds_eval_run(ds::tools::TorchCall& call, const EvalOptions& options) {
//     return ds::nn::guarded([&] { … });
//   }
// Both sides are built together, so the options are passed as the struct they are. cli stays on the front
// side: what the other needs of it is in TorchCall. ds::Error and BrokenPipe cross the door; torch's types
// must not (nn::guarded).
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/run.h"

namespace ds::tools {

struct TorchCall {
  Run& run;
  std::string tool, command;        // "ds-eval", "forward"
  nlohmann::json manifest_options;  // cli::values(table, manifest_only = true)
  int64_t seed = 0;
  std::string device = "auto", resume = "auto", depfile;
  bool force = false, dry_run = false, json = false;
  // cli::Context::report: a line for people, and the object that --json prints. Call it once, last.
  std::function<void(const std::string& human, const nlohmann::json& object)> report;
};

template <class Options>
using TorchEntry = int (*)(TorchCall&, const Options&);

}  // namespace ds::tools
