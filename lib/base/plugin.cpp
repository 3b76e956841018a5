// dlopen beside the running program. Exceptions cross the boundary: both sides share libstdc++ and compare
// types by name.
#include "base/plugin.h"

#include <dlfcn.h>
#include <unistd.h>

#include <climits>

#include "base/error.h"
#include "base/io.h"

namespace ds {

namespace {

std::string program_folder() {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0 || n == static_cast<ssize_t>(sizeof path))
    throw resource_error("/proc/self/exe: cannot be read", "mount /proc");
  return folder_of(std::string_view(path, static_cast<size_t>(n)));
}

std::string last_error() {
  const char* text = dlerror();
  return text ? text : "unknown error";
}

}  // namespace

void* load_symbol(const std::string& library, const std::string& symbol, const std::string& hint) {
  const std::string path = join_path(program_folder(), "../lib/ds-tools/lib" + library + ".so");
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw resource_error(path + ": cannot load: " + last_error(), hint);
  void* address = dlsym(handle, symbol.c_str());
  if (!address) throw resource_error(path + ": does not offer `" + symbol + "`: " + last_error(), hint);
  return address;
}

}  // namespace ds
