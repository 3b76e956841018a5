// The only file that sees the configure-time facts, so that a new commit recompiles nothing else.
#include "base/build_info.h"

namespace ds {

const BuildInfo& build_info() {
  static const BuildInfo info{DS_VERSION,    DS_COMMIT,       DS_COMPILER,
                              DS_BUILD_TYPE, DS_CUDA_VERSION, DS_TORCH_VERSION};
  return info;
}

}  // namespace ds
