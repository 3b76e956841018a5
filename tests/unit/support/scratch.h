// A fresh folder under $TMPDIR (or /tmp) that is removed with its contents.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/fault.h"
#include "base/io.h"

namespace ds::test {

class Scratch {
 public:
  Scratch() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base && *base ? base : "/tmp") + "/ds-test-XXXXXX";
    if (!::mkdtemp(path_.data())) std::abort();
  }
  Scratch(const Scratch&) = delete;
  ~Scratch() {
    fault::disarm();
    remove_tree(path_);
  }
  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return join_path(path_, name); }

 private:
  std::string path_;
};

}  // namespace ds::test
