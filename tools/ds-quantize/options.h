// The options of ds-quantize. Torch-free: the front fills them, the torch side reads them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ds::cli {
class OptionTable;
}

namespace ds::quantize {

struct Options {
  std::string model, output, scheme, data, precision = "fp32";
  std::vector<std::string> ignore;
  int64_t group_size = 0;
  int64_t seq_len = 0, stride = 0, batch_size = 0;
  bool document_mask = true;
  double max_loss_increase = -1;
};
void declare(cli::OptionTable& t, Options& o);

}  // namespace ds::quantize
