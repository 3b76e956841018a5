// A fresh folder under $TMPDIR for one test case, removed with all its contents at the end.
#pragma once

#include <stdlib.h>

#include <stdexcept>
#include <string>

#include "base/fault.h"
#include "base/io.h"

namespace ds::test {

class Scratch {
 public:
  Scratch() {
    const char* base = getenv("TMPDIR");
    path_ = std::string(base && *base ? base : "/tmp") + "/ds-test-XXXXXX";
    if (!mkdtemp(path_.data())) throw std::runtime_error("mkdtemp " + path_);
  }
  ~Scratch() {
    fault::disarm();
    try {
      remove_tree(path_);
    } catch (...) {
    }
  }
  Scratch(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return join_path(path_, name); }

 private:
  std::string path_;
};

// The error that `call` throws: its kind and text. Fails when it throws none.
template <class Error, class Call>
Error thrown_by(Call call) {
  try {
    call();
  } catch (const Error& e) {
    return e;
  }
  throw std::runtime_error("nothing was thrown");
}

}  // namespace ds::test
