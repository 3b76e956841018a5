// Shared objects that are loaded when they are needed: the torch side of a tool, later database and
// object-store clients. A missing one is a resource error that names what to install.
#pragma once

#include <string>

namespace ds {

// Loads `libNAME.so` from `../lib/ds-tools/` beside the running program's folder (build tree and install tree
// alike) and returns the address of the extern "C" `symbol`. Stays loaded. Throws resource with `hint` when
// it cannot be had.
void* load_symbol(const std::string& library, const std::string& symbol, const std::string& hint);

}  // namespace ds
