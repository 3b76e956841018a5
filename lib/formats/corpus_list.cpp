// Which files the named inputs stand for: lists, patterns, folders. See corpus.h.
#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/io.h"
#include "base/utf8.h"
#include "formats/corpus.h"

namespace ds::formats {
namespace {

struct Extension {
  const char* name;
  CorpusFormat format;
};
constexpr Extension kExtensions[] = {
    {".txt", CorpusFormat::text},    {".text", CorpusFormat::text},    {".md", CorpusFormat::text},
    {".jsonl", CorpusFormat::jsonl}, {".ndjson", CorpusFormat::jsonl}, {".json", CorpusFormat::json},
    {".csv", CorpusFormat::csv},     {".tsv", CorpusFormat::tsv},      {".warc", CorpusFormat::warc},
    {".wet", CorpusFormat::warc},    {".html", CorpusFormat::html},    {".htm", CorpusFormat::html},
    {".xhtml", CorpusFormat::html},
};
constexpr const char* kPacked[] = {".gz", ".bgz", ".zst", ".xz", ".bz2"};
constexpr const char* kKnown =
    "looked for .txt .text .md .jsonl .ndjson .json .csv .tsv .warc .wet .html .htm .xhtml, also with .gz "
    ".bgz "
    ".zst .xz .bz2";

std::string without_compression(const std::string& path) {
  const std::string extension = extension_of(path);
  const bool packed = std::find(std::begin(kPacked), std::end(kPacked), extension) != std::end(kPacked);
  return packed ? path.substr(0, path.size() - extension.size()) : path;
}

std::optional<CorpusFormat> known_format(const std::string& path) {
  const std::string extension = extension_of(without_compression(path));
  for (const Extension& known : kExtensions) {
    if (extension == known.name) return known.format;
  }
  return std::nullopt;
}

bool is_link(const std::string& path) { return std::filesystem::is_symlink(path); }

void list_below(const std::string& folder, const std::string& relative, std::vector<std::string>& found) {
  for (const std::string& name : list_folder(folder)) {
    if (name.starts_with('.')) continue;
    const std::string path = join_path(folder, name);
    const std::string below = relative.empty() ? name : relative + "/" + name;
    if (is_folder(path)) {
      if (!is_link(path)) list_below(path, below, found);
    } else if (known_format(name)) {
      found.push_back(below);
    }
  }
}

bool has_wildcard(std::string_view s) { return s.find_first_of("*?[") != s.npos; }

// Paths that match names[at…] below `folder` ("" for here), in order.
void match_below(const std::string& folder, const std::vector<std::string>& names, size_t at, bool files_only,
                 std::vector<std::string>& found) {
  const auto below = [&](const std::string& name) {
    return folder.empty() ? name : folder.ends_with('/') ? folder + name : folder + "/" + name;
  };
  const std::string& name = names[at];
  const bool last = at + 1 == names.size();
  const std::string here = folder.empty() ? "." : folder;
  if (name == "**") {
    if (!last) match_below(folder, names, at + 1, files_only, found);
    for (const std::string& entry : list_folder(here)) {
      if (entry.starts_with('.')) continue;
      const std::string path = below(entry);
      if (!is_folder(path)) {
        if (last) found.push_back(path);
      } else if (!is_link(path)) {
        match_below(path, names, at, files_only, found);
      }
    }
  } else if (!has_wildcard(name)) {
    const std::string path = below(name);
    if (!exists(path)) return;
    if (!last) {
      if (is_folder(path)) match_below(path, names, at + 1, files_only, found);
    } else if (!files_only || !is_folder(path)) {
      found.push_back(path);
    }
  } else {
    for (const std::string& entry : list_folder(here)) {
      if (fnmatch(name.c_str(), entry.c_str(), FNM_PERIOD | FNM_NOESCAPE) != 0) continue;
      const std::string path = below(entry);
      if (!last) {
        if (is_folder(path)) match_below(path, names, at + 1, files_only, found);
      } else if (!files_only || !is_folder(path)) {
        found.push_back(path);
      }
    }
  }
}

std::vector<std::string> matches(const std::string& pattern) {
  std::vector<std::string> names, found;
  bool files_only = false;
  for (size_t at = 0; at <= pattern.size();) {
    const size_t stop = std::min(pattern.find('/', at), pattern.size());
    if (stop > at) {
      names.push_back(pattern.substr(at, stop - at));
      const bool again = names.size() > 1 && names.back() == "**" && names[names.size() - 2] == "**";
      if (again) names.pop_back();
    }
    files_only = files_only || (!names.empty() && names.back() == "**");
    at = stop + 1;
  }
  if (!names.empty()) match_below(pattern.starts_with('/') ? "/" : "", names, 0, files_only, found);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());  // a/**/b/** finds a/b/b/c twice
  return found;
}

void expand(const std::string& path, bool in_list, std::vector<std::string>& out) {
  if (path == "-" || exists(path)) {
    out.push_back(path);
  } else if (!in_list && path.size() > 1 && path[0] == '@') {
    ByteSource source(path.substr(1));
    LineReader lines(source, size_t{1} << 20);
    for (std::string line; lines.next(line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty() && line[0] != '#') expand(line, true, out);
    }
  } else if (has_wildcard(path)) {
    std::vector<std::string> found = matches(path);
    if (found.empty()) throw io_error(path + ": no file matches");
    out.insert(out.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  } else {
    throw io_error(path + ": no such file or folder");
  }
}

}  // namespace

std::vector<std::string> expand_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) expand(path, false, out);
  return out;
}

std::vector<CorpusInput> list_corpus(const std::vector<std::string>& paths, CorpusFormat format) {
  std::vector<CorpusInput> inputs;
  const auto add = [&](const std::string& path, const std::string& name) {
    const CorpusFormat by_name =
        path == "-" ? CorpusFormat::jsonl : known_format(path).value_or(CorpusFormat::text);
    const bool stream = path == "-" || !std::filesystem::is_regular_file(path);
    inputs.push_back(
        {path, without_compression(name), format == CorpusFormat::automatic ? by_name : format, stream});
    repair_utf8(inputs.back().name);  // names of files are any bytes
  };
  for (const std::string& path : expand_paths(paths)) {
    if (path == "-") {
      add(path, "stdin");
    } else if (!is_folder(path)) {
      add(path, base_name(path));
    } else {
      std::vector<std::string> found;
      list_below(path, "", found);
      std::sort(found.begin(), found.end());
      if (found.empty()) throw data_error(path + ": the folder holds no readable files", kKnown);
      for (const std::string& name : found) add(join_path(path, name), name);
    }
  }
  std::map<std::string, int> uses;
  for (CorpusInput& input : inputs) {
    if (const int use = ++uses[input.name]; use > 1) input.name += fmt::format("#{}", use);
  }
  return inputs;
}

}  // namespace ds::formats
