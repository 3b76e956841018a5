// API keys: read from a file, kept as hashes, compared in constant time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ds::serve {

class ApiKeys {
 public:
  ApiKeys() = default;  // none: everybody may
  // One key a line; blank lines and those that begin with # are comments. Throws io when the file cannot be
  // read and usage when there is no key in it: a server that should be closed must not open.
  static ApiKeys read(const std::string& path);

  bool required() const { return !hashes_.empty(); }
  // Whether the value of an Authorization header ("Bearer KEY") has one of the keys. Takes the same time for
  // every wrong key.
  bool accept(std::string_view authorization) const;

 private:
  std::vector<std::string> hashes_;
};

}  // namespace ds::serve
