// Manifests: JSON with sorted keys in, JSON with sorted keys out, and the two questions asked of them: what
// is this input, and is this artifact already what we would make.
#include "formats/manifest.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"

namespace ds::formats {

namespace {

using nlohmann::json;

constexpr int kMaxDepth = 400;                         // `from` nests three levels for each stage of a chain
constexpr uint64_t kMaxManifest = uint64_t{64} << 20;  // bytes
constexpr uint64_t kCheckedWhole = uint64_t{1}
                                   << 20;  // files up to this size are hashed again, larger ones trusted

std::string dump(const json& j, int indent) {
  return j.dump(indent, ' ', false, json::error_handler_t::replace);
}

json input_json(const ManifestInput& input) {
  json j = {{"role", input.role}, {"size", input.digest.size}, {"sha256", input.digest.sha256}};
  if (!input.from.is_null()) j["from"] = input.from;
  return j;
}

[[noreturn]] void bad(const std::string& name, const std::string& what) {
  throw data_error(name + ": " + what, "the manifest is damaged: remove it and make the artifact again");
}

// The member `key` of `object`, checked by `is` (a json predicate); `what` says what was expected.
const json& member(const json& object, const char* key, bool (json::*is)() const noexcept, const char* what,
                   const std::string& name) {
  const auto it = object.find(key);
  if (it == object.end() || !((*it).*is)()) bad(name, std::string("`") + key + "` should be " + what);
  return *it;
}

std::string text_member(const json& object, const char* key, const std::string& name) {
  return member(object, key, &json::is_string, "a string", name).get<std::string>();
}

FileDigest digest_member(const json& object, const std::string& name) {
  FileDigest digest;
  digest.size = member(object, "size", &json::is_number_unsigned, "a size in bytes", name).get<uint64_t>();
  digest.sha256 = text_member(object, "sha256", name);
  if (digest.sha256.size() != 64 || digest.sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
    bad(name, "`sha256` should be 64 hex digits");
  return digest;
}

const json& items(const json& object, const char* key, const std::string& name) {
  const json& list = member(object, key, &json::is_array, "a list", name);
  for (const json& item : list)
    if (!item.is_object()) bad(name, std::string("`") + key + "` should hold objects");
  return list;
}

struct NamedDigest {
  std::string name;
  FileDigest digest;
};

// One digest for several files: of the lines "sha256 size name", sorted by name.
FileDigest combined(std::vector<NamedDigest> files) {
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  Sha256 hash;
  FileDigest all;
  for (const NamedDigest& f : files) {
    hash.update(f.digest.sha256 + " " + std::to_string(f.digest.size) + " " + f.name + "\n");
    all.size += f.digest.size;
  }
  all.sha256 = hash.hex();
  return all;
}

// Every regular file under `root`, by its path inside it. Hidden entries are no data; linked folders are not
// entered.
std::vector<NamedDigest> digest_folder(const std::string& root) {
  std::vector<NamedDigest> files;
  std::vector<std::string> folders{""};
  for (size_t i = 0; i < folders.size(); ++i) {
    const std::string inside = folders[i];
    for (const std::string& entry : list_folder(inside.empty() ? root : join_path(root, inside))) {
      if (entry.front() == '.') continue;
      const std::string name = inside.empty() ? entry : join_path(inside, entry);
      const std::string path = join_path(root, name);
      struct stat st{};
      if (::lstat(path.c_str(), &st) != 0) throw errno_error(path, "cannot examine", errno);
      if (S_ISDIR(st.st_mode)) folders.push_back(name);
      if (S_ISLNK(st.st_mode) && ::stat(path.c_str(), &st) != 0) continue;
      if (S_ISREG(st.st_mode)) files.push_back({name, digest_file(path)});
    }
  }
  return files;
}

std::string home_of(const std::string& artifact) {
  return is_folder(artifact) ? artifact : folder_of(artifact);
}

// The files are there with the recorded sizes, and the small ones with the recorded contents.
bool outputs_hold(const std::string& artifact, const Manifest& manifest, uint64_t hash_up_to) {
  for (const ManifestOutput& output : manifest.outputs) {
    const std::string path = join_path(home_of(artifact), output.name);
    struct stat st{};
    if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
    if (static_cast<uint64_t>(st.st_size) != output.digest.size) return false;
    if (output.digest.size <= hash_up_to && digest_file(path) != output.digest) return false;
  }
  return true;
}

// What a make rule needs in a file name. `%` has a meaning in targets only.
std::string make_name(const std::string& path, bool target) {
  std::string out = path.front() == '~' ? "./" : "";
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '\n')
      throw usage_error("a file name with a line end cannot stand in a make rule", "rename the file");
    if (c == ' ' || c == '\t' || c == '#' || c == ':' || (c == '%' && target)) {
      // Backslashes right before an escaped character must be doubled.
      for (size_t k = i; k > 0 && path[k - 1] == '\\'; --k) out += '\\';
      out += '\\';
    }
    if (c == '$') out += '$';
    out += c;
  }
  return out;
}

}  // namespace

json Manifest::to_json() const {
  json j = {{"format", 1},        {"tool", tool}, {"version", version}, {"command", command},
            {"options", options}, {"seed", seed}, {"facts", facts}};
  j["inputs"] = json::array();
  for (const ManifestInput& input : inputs) j["inputs"].push_back(input_json(input));
  j["outputs"] = json::array();
  for (const ManifestOutput& output : outputs)
    j["outputs"].push_back(
        {{"name", output.name}, {"size", output.digest.size}, {"sha256", output.digest.sha256}});
  return j;
}

std::string Manifest::text() const { return dump(to_json(), 2) + "\n"; }

bool Manifest::same_work(const Manifest& other) const {
  // As text, because that is what was stored: an infinite option is null there.
  const auto work = [](const Manifest& m) {
    json j = m.to_json();
    j.erase("outputs");
    j.erase("facts");
    return dump(j, -1);
  };
  return work(*this) == work(other);
}

std::string manifest_path(const std::string& artifact) {
  if (is_folder(artifact) || (!artifact.empty() && artifact.back() == '/'))
    return join_path(artifact, "manifest.json");
  return artifact + ".manifest.json";
}

Manifest parse_manifest(const std::string& text, const std::string& name) {
  json j;
  try {
    j = json::parse(text, [&](int depth, json::parse_event_t, json&) {
      if (depth > kMaxDepth) bad(name, "nested more than " + std::to_string(kMaxDepth) + " levels deep");
      return true;
    });
  } catch (const json::exception& e) {
    bad(name, std::string("is no JSON: ") + e.what());
  }
  if (!j.is_object()) bad(name, "should be a JSON object");
  const json& format = member(j, "format", &json::is_number_integer, "a number", name);
  if (format != 1)
    throw data_error(name + ": has manifest format " + format.dump() + ", expected 1",
                     "it was written by another version of ds-tools: make the artifact again");
  Manifest m;
  m.tool = text_member(j, "tool", name);
  m.version = text_member(j, "version", name);
  m.command = text_member(j, "command", name);
  m.options = member(j, "options", &json::is_object, "an object", name);
  m.facts = member(j, "facts", &json::is_object, "an object", name);
  m.seed = member(j, "seed", &json::is_number_integer, "a whole number", name).get<int64_t>();
  for (const json& item : items(j, "inputs", name))
    m.inputs.push_back(
        {text_member(item, "role", name), digest_member(item, name), item.value("from", json())});
  for (const json& item : items(j, "outputs", name))
    m.outputs.push_back({text_member(item, "name", name), digest_member(item, name)});
  return m;
}

std::optional<Manifest> read_manifest(const std::string& artifact) {
  const std::string path = manifest_path(artifact);
  if (!exists(path)) return std::nullopt;
  return parse_manifest(read_file(path, kMaxManifest), path);
}

ManifestInput describe_input(const std::string& role, const std::string& path) {
  const bool folder = is_folder(path), there = exists(path);
  const std::optional<Manifest> manifest = path == "-" ? std::nullopt : read_manifest(path);
  if (folder ||
      (!there && manifest)) {  // a folder, or the common stem of several files such as data.bin and data.idx
    if (manifest && outputs_hold(path, *manifest, kCheckedWhole)) {
      std::vector<NamedDigest> files;
      for (const ManifestOutput& output : manifest->outputs) files.push_back({output.name, output.digest});
      return {role, combined(std::move(files)), manifest->to_json()};
    }
    if (!folder)
      throw data_error(path + ": its files are not those that " + manifest_path(path) + " lists",
                       "make the artifact again");
    std::vector<NamedDigest> files = digest_folder(path);
    std::erase_if(files, [](const NamedDigest& f) { return f.name == "manifest.json"; });
    return {role, combined(std::move(files)), json()};
  }
  struct stat st{};
  if (path == "-" || (there && ::stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode)))
    throw internal_error(path + ": a stream is described by its reader's digest, not by reading it first");
  ManifestInput input{role, digest_file(path), json()};
  if (manifest)  // only a manifest that still tells the truth about this file is its history
    for (const ManifestOutput& output : manifest->outputs)
      if (output.name == base_name(path) && output.digest == input.digest) input.from = manifest->to_json();
  return input;
}

ManifestInput described_input(const std::string& role, const std::string& path, const FileDigest& digest) {
  ManifestInput input{role, digest, json()};
  std::optional<Manifest> manifest;
  try {
    manifest = read_manifest(path);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::data) throw;
  }
  if (!manifest) return input;
  for (const ManifestOutput& output : manifest->outputs)
    if (output.name == base_name(path) && output.digest == digest) input.from = manifest->to_json();
  return input;
}

json file_mark(const std::string& path) {
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return path;
  std::error_code error;
  const std::string full = std::filesystem::weakly_canonical(path, error).string();
  return {full, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_ino};
}

bool up_to_date(const std::string& artifact, const Manifest& planned) {
  std::optional<Manifest> found;
  try {
    found = read_manifest(artifact);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::data) throw;
    return false;  // a damaged or foreign manifest: the work is done again
  }
  return found && found->same_work(planned) && outputs_hold(artifact, *found, 0);
}

void write_manifest(const std::string& artifact, const Manifest& manifest) {
  write_file(manifest_path(artifact), manifest.text());
}

void remove_manifest(const std::string& artifact) { remove_file(manifest_path(artifact)); }

void write_depfile(const std::string& path, const std::string& output,
                   const std::vector<std::string>& inputs) {
  std::string rule = make_name(output, true) + ":";
  for (const std::string& input : inputs)
    if (input != "-" && !input.empty()) rule += " " + make_name(input, false);
  write_file(path, rule + "\n");
}

}  // namespace ds::formats
