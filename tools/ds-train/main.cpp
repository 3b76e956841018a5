// ds-train: trains a language model on token data into a Hugging Face model folder.
//
// This front holds the options; the work is in torch_side.cpp, which is loaded with LibTorch when there is
// work to do.
#include <memory>

#include "cli/tool.h"
#include "ds-train/options.h"
#include "torch_front.h"

namespace ds {
extern const char* const kExamples;  // examples.txt
}

int main(int argc, char** argv) {
  using namespace ds;
  const unsigned common = cli::kSeed | cli::kThreads | cli::kDevice | cli::kForce | cli::kDryRun |
                          cli::kJson | cli::kResume | cli::kDepfile;
  const auto declare = [](cli::OptionTable& table) -> std::function<int(cli::Context&)> {
    auto options = std::make_shared<train::TrainOptions>();
    train::declare(table, *options);
    return [options](cli::Context& context) { return tools::call_torch(context, "ds_train_run", *options); };
  };
  return cli::tool_main({"ds-train",
                         "trains a language model on token data, resumable at any moment",
                         kExamples,
                         {{"", "", common, declare}}},
                        argc, argv);
}
