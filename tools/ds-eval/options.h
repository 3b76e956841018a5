// The options of ds-eval's three commands. Torch-free: the front fills them, the torch side reads them.
#pragma once

#include <cstdint>
#include <string>

namespace ds::cli {
class OptionTable;
}

namespace ds::evaluate {

struct PerplexityCommand {
  std::string model, data, precision = "fp32";
  int64_t seq_len = 0, stride = 0, batch_size = 0;
  bool document_mask = true;
};
void declare(cli::OptionTable& t, PerplexityCommand& o);

struct GenerateCommand {
  std::string model, prompt, prompt_file, ids, output, precision = "fp32";
  int64_t max_tokens = 128, top_k = 0;
  double temperature = 0.0, top_p = 1.0;
  bool ignore_eos = false;
};
void declare(cli::OptionTable& t, GenerateCommand& o);

struct ForwardCommand {
  std::string model, ids, output, precision = "fp32";
  bool grads = false, hidden = false;
};
void declare(cli::OptionTable& t, ForwardCommand& o);

}  // namespace ds::evaluate
