// See encode_checkpoint.h.
#include "ds-tokenize/encode_checkpoint.h"

#include "base/atomic_file.h"
#include "base/io.h"
#include "formats/json_file.h"

namespace ds::tokenize {

using nlohmann::json;
namespace {

constexpr int kFormat = 1;

std::string dump(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string plan_of(const formats::Manifest& work, const std::string& tokenizer_sha256,
                    const std::vector<formats::CorpusInput>& inputs) {
  json plan = {{"work", work.to_json()}, {"tokenizer", tokenizer_sha256}, {"inputs", json::array()}};
  for (const formats::CorpusInput& input : inputs)
    plan["inputs"].push_back({input.name, static_cast<int>(input.format), formats::file_mark(input.path)});
  return sha256_hex(dump(plan));
}

void write_checkpoint(const EncodeJob& job, const Checkpoint& c) {
  const json j = {
      {"format", kFormat}, {"plan", job.plan}, {"sources", to_json(c.sources)}, {"place", c.place}};
  write_file(job.checkpoint, dump(j) + "\n");
}

std::optional<Checkpoint> read_checkpoint(const EncodeJob& job) {
  if (job.checkpoint.empty() || !exists(job.checkpoint)) return std::nullopt;
  try {
    const json j = formats::json_or_discarded(read_file(job.checkpoint));
    if (j.at("format") != kFormat || j.at("plan") != job.plan) return std::nullopt;
    Checkpoint c{sources_from(j.at("sources")), j.at("place")};
    if (c.sources.empty() || c.sources.size() > job.documents.inputs().size()) return std::nullopt;
    return c;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

json to_json(const std::vector<Source>& sources) {
  json all = json::array();
  for (const Source& s : sources) {
    all.push_back({{"name", s.name},
                   {"documents", s.documents},
                   {"bytes", s.bytes},
                   {"tokens", s.tokens},
                   {"size", s.digest.size},
                   {"sha256", s.digest.sha256}});
  }
  return all;
}

std::vector<Source> sources_from(const json& j) {
  std::vector<Source> all;
  for (const json& s : j) {
    all.push_back({s.at("name").get<std::string>(),
                   s.at("documents").get<uint64_t>(),
                   s.at("bytes").get<uint64_t>(),
                   s.at("tokens").get<uint64_t>(),
                   {s.at("size").get<uint64_t>(), s.at("sha256").get<std::string>()}});
  }
  return all;
}

}  // namespace ds::tokenize
