// The options of ds-serve: the struct is lib/serve's, here it becomes flags.
#pragma once

#include "serve/options.h"

namespace ds::cli {
class OptionTable;
}

namespace ds::serve {

void declare(cli::OptionTable& t, ServeOptions& o);

}  // namespace ds::serve
