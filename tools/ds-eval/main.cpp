// ds-eval: measures a model: perplexity, text, or every number of one forward pass.
//
// This front holds the options; the work is in torch_side.cpp, which is loaded with LibTorch when there is
// work to do.
#include <memory>

#include "cli/tool.h"
#include "ds-eval/options.h"
#include "torch_front.h"

namespace ds {
extern const char* const kExamples;  // examples.txt
}

namespace {

using namespace ds;

template <class Options>
std::function<int(cli::Context&)> command(cli::OptionTable& table, const char* symbol) {
  auto options = std::make_shared<Options>();
  evaluate::declare(table, *options);
  return [options, symbol](cli::Context& context) { return tools::call_torch(context, symbol, *options); };
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned common = cli::kThreads | cli::kDevice | cli::kJson;
  const unsigned writes = common | cli::kForce | cli::kDepfile;
  return cli::tool_main(
      {"ds-eval",
       "measures a model: perplexity, generated text, or every number of a forward pass",
       kExamples,
       {{"perplexity", "nats per token and bits per byte over token data", common,
         [](cli::OptionTable& t) { return command<evaluate::PerplexityCommand>(t, "ds_eval_perplexity"); }},
        {"generate", "continue a prompt", writes | cli::kSeed,
         [](cli::OptionTable& t) { return command<evaluate::GenerateCommand>(t, "ds_eval_generate"); }},
        {"forward", "logits, loss, gradients and hidden states for given ids", writes,
         [](cli::OptionTable& t) { return command<evaluate::ForwardCommand>(t, "ds_eval_forward"); }}}},
      argc, argv);
}
