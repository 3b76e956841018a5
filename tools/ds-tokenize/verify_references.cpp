#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "ds-tokenize/lines.h"
#include "ds-tokenize/verify.h"
#include "formats/json_path.h"
#include "formats/json_reader.h"

namespace ds::tokenize {
namespace {

// Equal ids written in different ways become equal.
std::string canonical(std::string_view id_json) {
  if (id_json.find('\\') == id_json.npos) return std::string(id_json);
  const nlohmann::json j = nlohmann::json::parse(id_json, nullptr, false);
  return j.is_string() ? j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                       : std::string(id_json);
}

std::string_view trimmed(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t\r"), end = line.find_last_not_of(" \t\r");
  return begin == line.npos ? std::string_view() : line.substr(begin, end - begin + 1);
}

}  // namespace

References::References(const std::string& path, uint64_t memory)
    : source_(path), reader_(source_), memory_(memory) {}

bool References::next(Line& line, std::string& id) {
  do {
    line.text.clear();
    if (!reader_.next(line.text)) return false;
  } while (blank(line.text));
  line.number = reader_.line_number();
  const std::string_view object = trimmed(line.text);
  if (object.front() != '{' || object.back() != '}')
    throw data_error(fmt::format("{}: line {}: no JSON object", name(), line.number),
                     R"(expected lines like {"id":"a","ids":[1,2,3]})");
  id = canonical(formats::find_json_path(object.substr(1, object.size() - 2), "id").value);
  return true;
}

References::Line References::take(const formats::Document& d) {
  std::string wanted = canonical(d.id_json);
  if (wanted.empty()) formats::append_json_string(wanted, d.id);
  if (const auto it = waiting_.find(wanted); it != waiting_.end()) {
    Line line = std::move(it->second.front());
    kept_ -= line.text.size();
    it->second.pop_front();
    if (it->second.empty()) waiting_.erase(it);
    return line;
  }
  Line line;
  std::string id;
  while (next(line, id)) {
    if (id.empty() || id == wanted) return line;
    kept_ += line.text.size();
    if (kept_ > memory_)
      throw data_error(
          fmt::format("{}: over {} bytes of lines before that of document {}", name(), memory_, d.id),
          "bring both files into the same order, or raise --memory");
    waiting_[id].push_back(std::move(line));
  }
  return {};
}

uint64_t References::unused() {
  uint64_t n = 0;
  for (const auto& [id, lines] : waiting_) n += lines.size();
  Line line;
  for (std::string id; next(line, id);) ++n;
  return n;
}

void parse_ids(const References::Line& line, const std::string& file, std::vector<uint32_t>& out) {
  const std::string place = fmt::format("{}: line {}", file, line.number);
  const auto bad = [&](const std::string& what) {
    return data_error(place + ": " + what, R"(expected lines like {"id":"a","ids":[1,2,3]})");
  };
  using Kind = formats::JsonReader::Kind;
  formats::JsonReader r(line.text, place);
  bool found = false;
  if (r.kind() != Kind::object) throw bad("no JSON object");
  r.object([&](std::string_view key) {
    if (key != "ids") return r.skip();
    if (found || r.kind() != Kind::array) throw bad("no list \"ids\", or two");
    found = true;
    r.array([&](uint64_t) {
      const auto id = r.kind() == Kind::number ? r.natural() : std::nullopt;
      if (!id) throw bad("an id that is no whole number: " + r.found());
      out.push_back(static_cast<uint32_t>(std::min<uint64_t>(*id, UINT32_MAX)));
    });
  });
  r.end();
  if (!found) throw bad("no list \"ids\"");
}

}  // namespace ds::tokenize
