// See artifacts.h.
#include "artifacts.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io.h"

namespace ds::clean_tool {
namespace {

using nlohmann::json;

void for_each_file(json& recipe, const std::function<void(json&)>& file) {
  const auto visit = [&](json& value) {
    if (!value.is_string()) return;
    const std::string path = value.get<std::string>();
    std::error_code error;
    const auto is_file = [&](const std::string& p) {
      return !p.empty() && (p.find('/') != p.npos ? std::filesystem::exists(p, error)
                                                  : std::filesystem::is_regular_file(p, error));
    };
    const size_t equals = path.find('=');
    if (is_file(path)) {
      file(value);
    } else if (equals != path.npos && is_file(path.substr(equals + 1))) {  // "LANGUAGE=FILE"
      json part = path.substr(equals + 1);
      file(part);
      value = part.is_string() ? json(path.substr(0, equals + 1) + part.get<std::string>())
                               : json::array({path.substr(0, equals), part});
    }
  };
  for (json& step : recipe) {
    for (auto& [key, value] : step.items()) {
      if (key == "name" || key == "action" || key == "languages") continue;
      if (value.is_array()) {
        for (json& entry : value) visit(entry);
      } else {
        visit(value);
      }
    }
  }
}

}  // namespace

WorkFolder::~WorkFolder() {
  if (keep || path.empty()) return;
  try {
    remove_tree(path);
  } catch (const Error&) {
  }
}

std::string fresh_folder(const std::string& parent) {
  std::error_code error;
  const std::string base = parent.empty() ? std::filesystem::temp_directory_path(error).string() : parent;
  if (error) throw io_error("no folder for temporary files", "name one with --tmp-dir");
  std::string name = join_path(base, "ds-clean-XXXXXX");
  if (!::mkdtemp(name.data())) throw errno_error(base, "cannot make a folder in it", errno);
  return name;
}

json portable_recipe(const clean::Recipe& recipe, std::vector<std::string>* files) {
  json out = clean::recipe_as_json(recipe);
  for_each_file(out, [&](json& value) {
    if (files) files->push_back(value.get<std::string>());
    value = base_name(value.get<std::string>());
  });
  return out;
}

std::string plan_of(const json& work, const clean::Recipe& recipe,
                    const std::vector<formats::CorpusInput>& inputs) {
  json plan = {{"work", work}, {"recipe", clean::recipe_as_json(recipe)}, {"inputs", json::array()}};
  for_each_file(plan["recipe"], [](json& value) { value = formats::file_mark(value.get<std::string>()); });
  for (const formats::CorpusInput& input : inputs)
    plan["inputs"].push_back({input.name, static_cast<int>(input.format), formats::file_mark(input.path)});
  return sha256_hex(plan.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace ds::clean_tool
