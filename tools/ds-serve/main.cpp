// ds-serve: answers over HTTP with a model: OpenAI's API, health and metrics.
//
// This front holds the options; the work is in torch_side.cpp and lib/serve, which are loaded with LibTorch
// (libds_serve.so) when there is work to do.
#include <memory>

#include "cli/tool.h"
#include "ds-serve/options.h"
#include "torch_front.h"

namespace ds {
extern const char* const kExamples;  // examples.txt
}

int main(int argc, char** argv) {
  using namespace ds;
  const auto declare = [](cli::OptionTable& table) -> std::function<int(cli::Context&)> {
    auto options = std::make_shared<serve::ServeOptions>();
    serve::declare(table, *options);
    return [options](cli::Context& context) {
      return tools::call_torch(context, "ds_serve_run", *options, "ds_serve");
    };
  };
  return cli::tool_main({"ds-serve",
                         "answers over HTTP with a model: OpenAI's API, health and metrics",
                         kExamples,
                         {{"", "", cli::kThreads | cli::kDevice, declare}}},
                        argc, argv);
}
