// The option table of ds-train over train::TrainOptions. Torch-free.
#pragma once

#include "train/options.h"

namespace ds::cli {
class OptionTable;
}

namespace ds::train {

void declare(cli::OptionTable& t, TrainOptions& o);

}  // namespace ds::train
