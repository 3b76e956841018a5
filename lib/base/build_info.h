// What this build is: fixed at configure time.
#pragma once

#include <string>

namespace ds {

struct BuildInfo {
  std::string version;     // "0.1.0"
  std::string commit;      // short hash, "" outside a checkout
  std::string compiler;    // "GNU 12.2.0"
  std::string build_type;  // "Release"
  std::string cuda;        // toolkit version, "" when built without
  std::string torch;       // LibTorch version, "" when built without
};

const BuildInfo& build_info();

}  // namespace ds
