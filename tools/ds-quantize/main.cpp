// ds-quantize: a model folder in, a smaller one out, and what that costs in loss.
//
// This front holds the options; the work is in torch_side.cpp, which is loaded with LibTorch when there is
// work to do.
#include <memory>

#include "cli/tool.h"
#include "ds-quantize/options.h"
#include "torch_front.h"

namespace ds {
extern const char* const kExamples;  // examples.txt
}

int main(int argc, char** argv) {
  using namespace ds;
  const unsigned common =
      cli::kThreads | cli::kDevice | cli::kForce | cli::kDryRun | cli::kJson | cli::kDepfile;
  const auto declare = [](cli::OptionTable& table) -> std::function<int(cli::Context&)> {
    auto options = std::make_shared<quantize::Options>();
    quantize::declare(table, *options);
    return
        [options](cli::Context& context) { return tools::call_torch(context, "ds_quantize_run", *options); };
  };
  return cli::tool_main({"ds-quantize",
                         "quantises the weights of a model folder to 8 or 4 bits, and measures what it costs",
                         kExamples,
                         {{"", "", common, declare}}},
                        argc, argv);
}
