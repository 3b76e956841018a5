#include "export/provenance.h"

#include <fmt/format.h>

#include <set>

#include "base/error.h"

namespace ds::exporting {
namespace {

using nlohmann::json;

// Options in a line: those that say something. Lists and tables as JSON.
std::string options_text(const json& options) {
  std::string out;
  for (const auto& [key, value] : options.items()) {
    const bool silent = value.is_null() || value == "" || value == false ||
                        ((value.is_array() || value.is_object()) && value.empty());
    if (silent) continue;
    std::string text = value.is_string() ? value.get<std::string>()
                                         : value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > 80) text = text.substr(0, 77) + "...";
    for (char& c : text)
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key, text);
  }
  return out;
}

// Depth is bounded: a manifest nests at most 400 levels of JSON (formats/manifest.cpp), three a step. An
// input that was shown before is not followed again.
void write_step(const json& step, int indent, std::set<std::string>& shown, std::string& out) {
  const std::string pad(static_cast<size_t>(indent), ' ');
  const std::string command = step["command"].get<std::string>();
  out += fmt::format("{}{} {}{}{}", pad, step["tool"].get<std::string>(), step["version"].get<std::string>(),
                     command.empty() ? "" : " ", command);
  if (step["seed"] != 0) out += fmt::format(" (seed {})", step["seed"].get<int64_t>());
  out += "\n";
  // Options wrap at about a hundred columns.
  std::string line;
  const std::string options = options_text(step["options"]);
  for (size_t at = 0; at < options.size();) {
    const size_t space = std::min(options.find(' ', at), options.size());
    const std::string word = options.substr(at, space - at);
    if (!line.empty() && line.size() + word.size() > 90) {
      out += fmt::format("{}  {}\n", pad, line);
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    at = space + 1;
  }
  if (!line.empty()) out += fmt::format("{}  {}\n", pad, line);
  for (const json& input : step["inputs"]) {
    const bool made = input.contains("made_by");
    const std::string hash = input["sha256"].get<std::string>();
    const bool again = made && !shown.insert(hash).second;
    out += fmt::format("{}  {}: {} bytes, sha256 {}{}\n", pad, input["role"].get<std::string>(),
                       grouped(input["size"].get<uint64_t>()), hash,
                       again  ? ", see above"
                       : made ? ""
                              : ", raw");
    if (made && !again) write_step(input["made_by"], indent + 4, shown, out);
  }
}

}  // namespace

json provenance(const formats::Manifest& m) {
  json out = {{"tool", m.tool},       {"version", m.version}, {"command", m.command},
              {"options", m.options}, {"seed", m.seed},       {"facts", m.facts}};
  out["inputs"] = json::array();
  for (const formats::ManifestInput& input : m.inputs) {
    json one = {{"role", input.role}, {"size", input.digest.size}, {"sha256", input.digest.sha256}};
    if (input.from.is_null()) {
      one["raw"] = true;
    } else {
      one["made_by"] =
          provenance(formats::parse_manifest(input.from.dump(), "the manifest of the input " + input.role));
    }
    out["inputs"].push_back(std::move(one));
  }
  return out;
}

std::string provenance_text(const json& provenance, int indent) {
  std::string out;
  std::set<std::string> shown;
  write_step(provenance, indent, shown, out);
  return out;
}

std::string grouped(uint64_t n) {
  std::string digits = std::to_string(n);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

}  // namespace ds::exporting
