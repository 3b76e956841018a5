// JSON files with limits; see the header.
#include "formats/json_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io.h"

namespace ds::formats {

nlohmann::json parse_json(std::string_view text, const std::string& name) {
  const auto limit_depth = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > 100) throw data_error(name + ": nested deeper than 100 levels");
    return true;
  };
  try {
    return nlohmann::json::parse(text, limit_depth);
  } catch (const nlohmann::json::parse_error& e) {
    throw data_error(fmt::format("{}: not JSON (at byte {} of {})", name, e.byte, text.size()));
  } catch (const nlohmann::json::exception&) {  // a number out of range
    throw data_error(name + ": not JSON that can be represented");
  }
}

nlohmann::json read_json(const std::string& path) { return parse_json(read_file(path, 100'000'000), path); }

std::string pretty_json(const nlohmann::json& value) {
  return value.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace ds::formats
