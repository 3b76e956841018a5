#include "ds-tokenize/train_report.h"

#include <map>

#include "base/utf8.h"
#include "ds-tokenize/documents.h"
#include "tokenizer/convert.h"

namespace ds::tokenize {
namespace {

constexpr uint64_t kRare = 3;

struct Sizes {
  uint64_t documents = 0, bytes = 0;
  std::vector<uint64_t> tokens;  // by tokenizer
};

// One worker's encoders, and how often the first one's tokens came.
struct Counter {
  std::vector<tokenizer::Encoder> encoders;
  std::vector<uint64_t> uses;
  std::vector<uint32_t> ids;
};

nlohmann::json sizes_json(const Sizes& s, const std::vector<std::string>& names) {
  nlohmann::json j = {{"documents", s.documents}, {"bytes", s.bytes}};
  for (size_t k = 0; k < names.size(); ++k) {
    const double per_token =
        s.tokens[k] == 0 ? 0 : static_cast<double>(s.bytes) / static_cast<double>(s.tokens[k]);
    j["tokenizers"].push_back({{"name", names[k]}, {"tokens", s.tokens[k]}, {"bytes_per_token", per_token}});
  }
  return j;
}

}  // namespace

nlohmann::json train_report(const formats::TokenizerJson& model, const std::string& name,
                            const std::vector<std::string>& others, const InputOptions& in, Run& run) {
  std::vector<tokenizer::Tokenizer> tokenizers{tokenizer::Tokenizer(model)};
  std::vector<std::string> names{name};
  for (const std::string& path : others) {
    tokenizers.push_back(tokenizer::open_tokenizer(path).tokenizer);
    names.push_back(path);
  }
  Pool<Counter> counters([&] {
    Counter c;
    for (const auto& t : tokenizers) c.encoders.emplace_back(t);
    c.uses.assign(model.size(), 0);
    return c;
  });
  struct Part {
    std::string input;
    Sizes sizes;
  };
  std::map<std::string, Sizes> by_input;
  Sizes all;
  all.tokens.resize(names.size());
  Documents documents(in);
  map_documents<Part>(
      documents, run, "report",
      [&](Batch& batch, Part& part) {
        part.input = batch.input->name.empty() ? batch.input->path : batch.input->name;
        part.sizes.tokens.resize(names.size());
        counters.with([&](Counter& c) {
          batch.for_each([&](formats::Document& d) {
            ++part.sizes.documents;
            part.sizes.bytes += d.text.size();
            for (size_t k = 0; k < names.size(); ++k) {
              c.ids.clear();
              c.encoders[k].encode(d.text, c.ids);
              part.sizes.tokens[k] += c.ids.size();
              if (k != 0) continue;
              for (const uint32_t id : c.ids) ++c.uses[id];
            }
          });
        });
      },
      [&](Part& part) {
        for (Sizes* s : {&all, &by_input[part.input]}) {
          s->tokens.resize(names.size());
          s->documents += part.sizes.documents;
          s->bytes += part.sizes.bytes;
          for (size_t k = 0; k < names.size(); ++k) s->tokens[k] += part.sizes.tokens[k];
        }
      });

  std::vector<uint64_t> uses(model.size(), 0);
  for (const auto& c : counters.idle()) {
    for (size_t id = 0; id < uses.size(); ++id) uses[id] += c->uses[id];
  }
  nlohmann::json report = {{"total", sizes_json(all, names)}, {"inputs", nlohmann::json::object()}};
  for (const auto& [input, sizes] : by_input) report["inputs"][input] = sizes_json(sizes, names);
  report["unused"] = nlohmann::json::array();
  report["rare"] = nlohmann::json::array();
  for (uint32_t id = 0; id < model.model.tokens.size(); ++id) {
    const std::string& token = model.model.tokens[id];
    const bool byte = token.size() == 6 && token.starts_with("<0x");
    if (model.added_at(id) || byte || token.empty() || count_chars(token) == 1 || uses[id] > kRare) continue;
    nlohmann::json entry = {{"id", id}, {"token", token}};
    if (uses[id] == 0) {
      report["unused"].push_back(std::move(entry));
    } else {
      entry["uses"] = uses[id];
      report["rare"].push_back(std::move(entry));
    }
  }
  return report;
}

}  // namespace ds::tokenize
