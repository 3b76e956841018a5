// ds-tokenize diff: in what two tokenizers differ, as listings of rows; and how many bytes a token of each
// stands for.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/io.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/documents.h"
#include "ds-tokenize/shown.h"
#include "ds-tokenize/train_report.h"
#include "tokenizer/convert.h"

namespace ds::tokenize {
namespace {

using formats::AddedToken;
using formats::TokenizerJson;
using nlohmann::json;

struct DiffCommand {
  std::string first, second;
  InputOptions in;
  int64_t limit = 10;
};

void declare(cli::OptionTable& t, DiffCommand& o) {
  t.positional("FIRST", o.first, "a tokenizer: tokenizer.json, or what convert reads").required();
  t.positional("SECOND", o.second, "another one").required();
  declare_inputs(t, o.in, false);
  t.group("Report");
  t.add("--limit", o.limit, "N", "rows of each listing; 0: all").range(0, 1e9);
  for (cli::Option* option : t.options()) {
    if (option->names != "INPUT") continue;
    option->required_ = false;  // here texts are an extra
    option->help = "texts to count the tokens of: " + option->help;
  }
}

// One kind of difference: all are counted, the first rows kept.
struct Listing {
  const char* key;    // in JSON
  const char* title;  // for people
  const char* columns;
  uint64_t count = 0;
  json rows = json::array();
};

class Rows {
 public:
  Rows(std::vector<Listing>& all, size_t limit, const char* key, const char* title, const char* columns)
      : limit_(limit) {
    all.push_back({key, title, columns});
    to_ = &all.back();
  }
  void add(json row) {
    if (++to_->count <= limit_ || limit_ == 0) to_->rows.push_back(std::move(row));
  }

 private:
  Listing* to_;
  size_t limit_;
};

using Ids = std::unordered_map<std::string_view, uint32_t>;

Ids ids_of(const formats::TokenizerModel& m) {
  Ids ids;
  ids.reserve(m.tokens.size());
  for (uint32_t id = 0; id < m.tokens.size(); ++id) {
    if (m.known[id]) ids.emplace(m.tokens[id], id);
  }
  return ids;
}

// Everything but the vocabulary, the merges and the added tokens, by JSON pointer.
json settings(const TokenizerJson& t) {
  TokenizerJson rest = t;
  rest.added.clear();
  rest.model.tokens.clear();
  rest.model.known.clear();
  rest.model.merges.clear();
  rest.model.merged.clear();
  rest.model.scores.clear();
  json j = json::parse(formats::tokenizer_json_text(rest));
  j.erase("added_tokens");
  for (const char* list : {"vocab", "merges"}) j["model"].erase(list);
  return j.flatten();
}

std::string flags_of(const AddedToken& t) {
  std::string out;
  const std::pair<bool, const char*> flags[] = {{t.special, "special"},         {t.normalized, "normalized"},
                                                {t.single_word, "single_word"}, {t.lstrip, "lstrip"},
                                                {t.rstrip, "rstrip"},           {t.in_model, "in the model"}};
  for (const auto& [on, name] : flags) {
    if (on) out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

void diff_settings(const TokenizerJson& a, const TokenizerJson& b, Rows rows) {
  const json left = settings(a), right = settings(b);
  const auto side = [](const json& of, const std::string& path) {
    const auto it = of.find(path);
    return it == of.end() ? json() : *it;  // what is not there is as good as null
  };
  const auto shortened = [](const json& value) {
    constexpr size_t kMost = 200;
    if (!value.is_string() || value.get_ref<const std::string&>().size() <= kMost) return value;
    return json(valid_text(value.get_ref<const std::string&>().substr(0, kMost)) + "…");
  };
  json paths = left;
  paths.update(right);
  for (const auto& [path, value] : paths.items()) {
    const json l = side(left, path), r = side(right, path);
    if (l != r) rows.add({path, shortened(l), shortened(r)});
  }
}

void diff_tokens(const TokenizerJson& a, const TokenizerJson& b, const Ids& ids_a, const Ids& ids_b,
                 Rows only_a, Rows only_b, Rows moved) {
  const auto only = [](const formats::TokenizerModel& m, const Ids& other, Rows& rows) {
    for (uint32_t id = 0; id < m.tokens.size(); ++id) {
      if (m.known[id] && !other.contains(m.tokens[id])) rows.add({id, m.tokens[id]});
    }
  };
  only(a.model, ids_b, only_a);
  only(b.model, ids_a, only_b);
  for (uint32_t id = 0; id < a.model.tokens.size(); ++id) {
    const auto it = a.model.known[id] ? ids_b.find(a.model.tokens[id]) : ids_b.end();
    if (it != ids_b.end() && it->second != id) moved.add({a.model.tokens[id], id, it->second});
  }
}

// A merge as one number, in the ids of the first where it has both parts.
void diff_merges(const TokenizerJson& a, const TokenizerJson& b, const Ids& ids_a, const Ids& ids_b,
                 Rows only_a, Rows only_b, Rows ranks) {
  using Merge = std::pair<uint32_t, uint32_t>;
  const auto key = [](const Merge& m) { return uint64_t{m.first} << 32 | m.second; };
  // The same merge in the other's ids.
  const auto there = [&](const formats::TokenizerModel& m, const Ids& other, const Merge& merge) {
    const auto l = other.find(m.tokens[merge.first]), r = other.find(m.tokens[merge.second]);
    return l == other.end() || r == other.end() ? UINT64_MAX : key({l->second, r->second});
  };
  const auto ranks_of = [&](const formats::TokenizerModel& m) {
    std::unordered_map<uint64_t, size_t> all;
    all.reserve(m.merges.size());
    for (size_t i = 0; i < m.merges.size(); ++i) all.emplace(key(m.merges[i]), i);
    return all;
  };
  const auto in_a = ranks_of(a.model), in_b = ranks_of(b.model);
  const auto row = [](const formats::TokenizerModel& m, size_t rank) {
    return json{rank, m.tokens[m.merges[rank].first], m.tokens[m.merges[rank].second]};
  };
  for (size_t i = 0; i < a.model.merges.size(); ++i) {
    const auto it = in_b.find(there(a.model, ids_b, a.model.merges[i]));
    if (it == in_b.end()) {
      only_a.add(row(a.model, i));
    } else if (it->second != i) {
      json r = row(a.model, i);
      r.insert(r.begin() + 1, it->second);
      ranks.add(std::move(r));
    }
  }
  for (size_t i = 0; i < b.model.merges.size(); ++i) {
    if (!in_a.contains(there(b.model, ids_a, b.model.merges[i]))) only_b.add(row(b.model, i));
  }
}

void diff_scores(const TokenizerJson& a, const TokenizerJson& b, const Ids& ids_b, Rows rows) {
  if (b.model.scores.empty()) return;
  for (uint32_t id = 0; id < a.model.scores.size(); ++id) {
    const auto it = ids_b.find(a.model.tokens[id]);
    if (it != ids_b.end() && b.model.scores[it->second] != a.model.scores[id])
      rows.add({a.model.tokens[id], a.model.scores[id], b.model.scores[it->second]});
  }
}

void diff_added(const TokenizerJson& a, const TokenizerJson& b, Rows only_a, Rows only_b, Rows changed) {
  const auto by_content = [](const TokenizerJson& t) {
    std::unordered_map<std::string_view, const AddedToken*> all;
    for (const AddedToken& x : t.added) all.emplace(x.content, &x);
    return all;
  };
  const auto in_a = by_content(a), in_b = by_content(b);
  for (const AddedToken& x : a.added) {
    const auto it = in_b.find(x.content);
    if (it == in_b.end()) {
      only_a.add({x.id, x.content, flags_of(x)});
    } else if (const AddedToken& y = *it->second; x.id != y.id || flags_of(x) != flags_of(y)) {
      changed.add({x.content, x.id, flags_of(x), y.id, flags_of(y)});
    }
  }
  for (const AddedToken& y : b.added) {
    if (!in_a.contains(y.content)) only_b.add({y.id, y.content, flags_of(y)});
  }
}

std::vector<Listing> differences(const TokenizerJson& a, const TokenizerJson& b, size_t limit) {
  std::vector<Listing> all;
  all.reserve(16);  // rows point into it
  const auto rows = [&](const char* key, const char* title, const char* columns) {
    return Rows(all, limit, key, title, columns);
  };
  const Rows parts = rows("settings", "settings that differ", "path first second");
  const Rows tokens_a = rows("tokens_only_first", "tokens of the first alone", "id token");
  const Rows tokens_b = rows("tokens_only_second", "tokens of the second alone", "id token");
  const Rows moved = rows("tokens_moved", "tokens with another id", "token first second");
  const Rows merges_a = rows("merges_only_first", "merges of the first alone", "rank left right");
  const Rows merges_b = rows("merges_only_second", "merges of the second alone", "rank left right");
  const Rows ranks = rows("merges_moved", "merges of another rank", "first second left right");
  const Rows scores = rows("scores", "tokens with another score", "token first second");
  const Rows added_a = rows("added_only_first", "added tokens of the first alone", "id token flags");
  const Rows added_b = rows("added_only_second", "added tokens of the second alone", "id token flags");
  const Rows changed = rows("added_changed", "added tokens that differ", "token first flags second flags");
  const Ids ids_a = ids_of(a.model), ids_b = ids_of(b.model);
  diff_settings(a, b, parts);
  diff_tokens(a, b, ids_a, ids_b, tokens_a, tokens_b, moved);
  diff_merges(a, b, ids_a, ids_b, merges_a, merges_b, ranks);
  diff_scores(a, b, ids_b, scores);
  diff_added(a, b, added_a, added_b, changed);
  return all;
}

std::string text_of(const std::vector<Listing>& all) {
  std::string out;
  for (const Listing& l : all) {
    if (l.count == 0) continue;
    out += fmt::format("{}: {} ({})\n", l.title, l.count, l.columns);
    for (const json& row : l.rows) {
      for (const json& cell : row) out += "\t" + cell.dump(-1, ' ', false, json::error_handler_t::replace);
      out += "\n";
    }
    if (l.rows.size() < l.count) out += fmt::format("\t… {} more\n", l.count - l.rows.size());
  }
  return out.empty() ? "no difference\n" : out;
}

std::string text_of_sizes(const json& report) {
  std::string out = "bytes a token: first, second, second to first\n";
  const auto line = [&](const std::string& name, const json& sizes) {
    const double a = sizes["tokenizers"][0]["bytes_per_token"], b = sizes["tokenizers"][1]["bytes_per_token"];
    out += fmt::format("\t{}\t{:.4f}\t{:.4f}\t{:.4f}\n", name, a, b, a > 0 ? b / a : 0);
  };
  for (const auto& [name, sizes] : report["inputs"].items()) line(shown(name), sizes);
  line("total", report["total"]);
  return out;
}

int run(cli::Context& ctx, const DiffCommand& o) {
  const TokenizerJson a = tokenizer::tokenizer_from_file(o.first),
                      b = tokenizer::tokenizer_from_file(o.second);
  const std::vector<Listing> all = differences(a, b, static_cast<size_t>(o.limit));
  json report = {
      {"equal", std::all_of(all.begin(), all.end(), [](const Listing& l) { return l.count == 0; })}};
  for (const Listing& l : all) report[l.key] = {{"count", l.count}, {"columns", l.columns}, {"rows", l.rows}};
  std::string text = text_of(all);
  if (!o.in.inputs.empty()) {
    json sizes = train_report(a, o.first, {o.second}, o.in, ctx.run);
    if (ctx.run.stop.requested()) return kExitStopped;
    report["corpus"] = {{"total", sizes["total"]}, {"inputs", sizes["inputs"]}};
    text += text_of_sizes(sizes);
  }
  if (!ctx.common.json) write_all(STDOUT_FILENO, text, "<stdout>");
  ctx.report("", report);
  return report["equal"].get<bool>() ? kExitOk : kExitNo;
}

}  // namespace

std::function<int(cli::Context&)> diff_command(cli::OptionTable& t) {
  auto o = std::make_shared<DiffCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return run(ctx, *o); };
}

}  // namespace ds::tokenize
