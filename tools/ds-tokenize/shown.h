// Text and tokens on a terminal: always as JSON strings, so that nothing in them is a line end, a tab or a
// command.
#pragma once

#include <string>
#include <string_view>

#include "base/utf8.h"
#include "formats/jsonl.h"

namespace ds::tokenize {

inline std::string valid_text(std::string_view bytes) {
  std::string valid;
  append_repaired(valid, bytes);
  return valid;
}

inline std::string shown(std::string_view bytes) {
  std::string out;
  formats::append_json_string(out, valid_text(bytes));
  return out;
}

}  // namespace ds::tokenize
