// For tests of the engine: results in memory, a corpus of generated documents, and a step that leaves out
// documents whose first words are equal.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/atomic_file.h"
#include "base/rng.h"
#include "clean/clean.h"

namespace ds::test {

struct Lines final : LineSink {
  std::string text;
  void write(std::string_view lines) override { text += lines; }
  uint64_t sync() override { return text.size(); }
  bool restore(uint64_t size) override {
    if (size > text.size()) return false;
    text.resize(size);
    return true;
  }
};

// Equal first words: the first document stays. The signature is the first word; a decision names the one
// kept.
inline const clean::StepKind kFirstWord = {
    .name = "first-word",
    .summary = "one document of each first word",
    .params = {},
    .rules = {{"same_first_word", "copies", clean::Rule::none, nullptr}},
    .make = {},
    .make_corpus = [](const clean::Params&, const clean::StepEnv&) -> clean::CorpusStep {
      return {[](clean::Item& item, std::string& signature) {
                signature = item.text().substr(0, item.text().find(' '));
              },
              [](clean::SignatureSource& source, clean::Decisions& out, const clean::Workspace&) {
                std::unordered_map<std::string, std::string> seen;
                for (clean::Signature s; source.next(s);) {
                  const auto [at, fresh] = seen.emplace(std::string(s.bytes), std::string(s.id));
                  if (!fresh) out.put(s.number, at->second);
                }
              },
              [](clean::Item&, std::string_view decision, clean::Judge& judge) { judge(0, 2, decision); },
              [](std::string_view decision, clean::ClusterMember& member) {
                member = {std::string(decision), 2, false};
                return true;
              }};
    },
};

// JSONL of `n` documents: some short, some equal in their first word, some with odd characters.
inline std::string corpus(uint64_t n, uint64_t seed = 1) {
  const Rng rng(seed, RngStream::test);
  std::string out;
  for (uint64_t i = 0; i < n; ++i) {
    std::string text = fmt::format("w{}", rng.below(4 * i, n / 2 + 1));
    for (uint64_t k = rng.below(4 * i + 1, 60); k > 0; --k)
      text += fmt::format(" {}", rng.below(1000 * i + k, 500));
    if (rng.below(4 * i + 2, 9) == 0) text += " \xC3\xA9 \xD0\xBC\xD0\xB8\xD1\x80";
    formats::Document document;
    if (rng.below(4 * i + 3, 3) > 0)
      document.id = fmt::format("d{}", i), document.id_json = fmt::format("\"d{}\"", i);
    document.text = text;
    document.rest = fmt::format("\"n\":{}", i);
    if (document.id.empty()) {
      out += "{\"text\":";
      formats::append_json_string(out, text);
      out += fmt::format(",\"n\":{}}}\n", i);
    } else {
      formats::append_document(out, document);
    }
  }
  return out;
}

inline clean::Recipe engine_recipe(bool with_corpus_steps) {
  clean::Recipe recipe;
  clean::StepSpec length = clean::make_spec("length");
  length.params.set("min_chars", int64_t{30});
  recipe.push_back(length);
  if (with_corpus_steps)
    recipe.push_back({&kFirstWord, clean::Params(kFirstWord.params), clean::Action::reject, {}});
  clean::StepSpec tagged = clean::make_spec("length");
  tagged.params.set("max_chars", int64_t{150});
  tagged.action = clean::Action::tag;
  recipe.push_back(tagged);
  if (with_corpus_steps)
    recipe.push_back({&kFirstWord, clean::Params(kFirstWord.params), clean::Action::reject, {}});
  clean::StepSpec longest = clean::make_spec("length");
  longest.params.set("max_chars", int64_t{230});
  recipe.push_back(longest);
  return recipe;
}

struct Results {
  Lines keep, reject, values, clusters;
  clean::CleanSinks sinks() { return {&keep, &reject, &values, &clusters}; }
  std::string all() const { return keep.text + "|" + reject.text + "|" + values.text + "|" + clusters.text; }
};

}  // namespace ds::test
