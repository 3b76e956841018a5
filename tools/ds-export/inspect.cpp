// ds-export inspect and verify: what an artifact is and came from, and whether it is still what was written.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/io.h"
#include "ds-export/commands.h"
#include "ds-export/options.h"
#include "export/artifact.h"
#include "export/provenance.h"

namespace ds::exporting {
namespace {

using nlohmann::json;

std::string value_text(const json& v) {
  if (v.is_string()) return v.get<std::string>();
  if (v.is_number_unsigned()) return grouped(v.get<uint64_t>());
  if (v.is_number_float()) return fmt::format("{:.4g}", v.get<double>());
  if (v.is_boolean()) return v.get<bool>() ? "yes" : "no";
  if (v.is_array()) {
    std::string out;
    for (const json& one : v) out += (out.empty() ? "" : ", ") + value_text(one);
    return out;
  }
  if (v.is_object()) {
    std::string out;
    for (const auto& [key, value] : v.items())
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", key, value_text(value));
    return out;
  }
  return v.dump();
}

std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

std::string text_of(const Artifact& a, const nlohmann::ordered_json& facts, const json& chain) {
  std::string out = fmt::format("{}: {}\n", a.path, a.kind);
  for (const auto& [key, value] : facts.items()) {
    if (key == "metadata") {
      for (const auto& [name, one] : value.items())
        out += fmt::format("    {} = {}\n", printable(name),
                           printable(one.is_string() ? one.get<std::string>() : one.dump()));
      continue;
    }
    out += fmt::format("  {:<16}{}\n", key, printable(value_text(json(value))));
  }
  if (chain.is_null()) return out + "  made by         unknown: there is no manifest\n";
  out += fmt::format("  made by{}\n", a.inside ? " (from the manifest inside)" : "");
  return out + provenance_text(chain, 4);
}

int inspect(cli::Context& ctx, const PathsCommand& o) {
  json all = json::array();
  std::string text;
  for (const std::string& path : o.paths) {
    const Artifact a = identify(path);
    const nlohmann::ordered_json facts = describe(a);
    const json chain = a.manifest ? provenance(*a.manifest) : json();
    text += text_of(a, facts, chain);
    all.push_back({{"path", path}, {"kind", a.kind}, {"facts", facts}, {"provenance", chain}});
    if (a.manifest && !a.inside) {
      json outputs = json::array();
      for (const auto& f : a.manifest->outputs)
        outputs.push_back({{"name", f.name}, {"size", f.digest.size}, {"sha256", f.digest.sha256}});
      all.back()["outputs"] = outputs;
    }
  }
  if (!ctx.common.json) write_all(STDOUT_FILENO, text, "<stdout>");
  ctx.report("", all.size() == 1 ? all[0] : json{{"artifacts", all}});
  return kExitOk;
}

std::string digest_text(const FileDigest& d) { return fmt::format("{} bytes, sha256 {}", d.size, d.sha256); }

int verify(cli::Context& ctx, const PathsCommand& o) {
  json all = json::array();
  bool same = true;
  for (const std::string& path : o.paths) {
    const Artifact a = identify(path);
    const std::vector<VerifiedFile> files = verify_files(a, ctx.run.threads);
    json list = json::array();
    bool good = true;
    for (const VerifiedFile& f : files) {
      json one = {
          {"name", f.name}, {"same", f.same()}, {"size", f.expected.size}, {"sha256", f.expected.sha256}};
      one["found"] = f.found ? json{{"size", f.found->size}, {"sha256", f.found->sha256}} : json();
      list.push_back(one);
      if (f.same()) continue;
      good = false;
      ctx.run.log.error(fmt::format("{}: {}: expected {}, found {}", path, f.name, digest_text(f.expected),
                                    f.found ? digest_text(*f.found) : "no such file"));
    }
    if (good)
      describe(a);  // the reader of the format goes through it; throws when it is damaged all the same
    if (good && !ctx.common.json)
      write_all(STDOUT_FILENO,
                fmt::format("{}: {}, {} file{} as its manifest says\n", path, a.kind, files.size(),
                            files.size() == 1 ? "" : "s"),
                "<stdout>");
    same = same && good;
    all.push_back({{"path", path}, {"kind", a.kind}, {"same", good}, {"files", list}});
  }
  ctx.report("", all.size() == 1 ? all[0] : json{{"artifacts", all}, {"same", same}});
  return same ? kExitOk : kExitNo;
}

}  // namespace

std::function<int(cli::Context&)> inspect_command(cli::OptionTable& t) {
  auto o = std::make_shared<PathsCommand>();
  declare_inspect(t, *o);
  return [o](cli::Context& ctx) { return inspect(ctx, *o); };
}

std::function<int(cli::Context&)> verify_command(cli::OptionTable& t) {
  auto o = std::make_shared<PathsCommand>();
  declare_verify(t, *o);
  return [o](cli::Context& ctx) { return verify(ctx, *o); };
}

}  // namespace ds::exporting
