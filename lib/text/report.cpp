// What ds-clean says about its work: the report (JSON) and the summary (text). See cleaner.h.
#include <fmt/format.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "text/cleaner.h"
#include "text/unicode.h"

namespace ds::text {
namespace {

nlohmann::json volume_json(const Volume& v) {
  nlohmann::json lengths = nlohmann::json::array();
  for (size_t i = 0; i < v.lengths.size(); ++i) {
    if (v.lengths[i])
      lengths.push_back({{"chars_from", i ? uint64_t{1} << (i - 1) : 0}, {"documents", v.lengths[i]}});
  }
  return {{"documents", v.documents}, {"bytes", v.bytes}, {"chars", v.chars}, {"lengths", lengths}};
}

std::string bytes_text(uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  if (bytes < 10'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

}  // namespace

void Volume::add(uint64_t text_bytes, uint64_t text_chars) {
  ++documents;
  bytes += text_bytes;
  chars += text_chars;
  ++lengths[std::min<size_t>(static_cast<size_t>(std::bit_width(text_chars)), lengths.size() - 1)];
}

uint64_t CleanStats::rejected_documents() const {
  uint64_t sum = 0;
  for (const auto& [rule, count] : rejected) sum += count;
  return sum;
}

nlohmann::json CleanStats::to_json() const {
  return {{"in", volume_json(in)},
          {"kept", volume_json(kept)},
          {"rejected", rejected},
          {"rejected_documents", rejected_documents()},
          {"bad_records", bad_records},
          {"not_sampled", not_sampled},
          {"limit_reached", limit_reached},
          {"reference_documents", reference_documents},
          {"repairs",
           {{"invalid_utf8_documents", invalid_utf8_documents},
            {"invalid_utf8_sequences", invalid_utf8_sequences},
            {"lone_surrogates", lone_surrogates},
            {"removed_characters", removed_characters},
            {"documents_changed_by_nfc", documents_changed_by_nfc}}},
          {"unicode", std::string(tables::kUnicodeVersion)}};
}

std::string CleanStats::summary() const {
  std::string out = fmt::format("kept {} of {} documents ({} of {})", kept.documents, in.documents,
                                bytes_text(kept.bytes), bytes_text(in.bytes));
  for (const auto& [rule, count] : rejected) out += fmt::format("\n  {:>8} rejected: {}", count, rule);
  const auto line = [&](uint64_t count, const char* what) {
    if (count) out += fmt::format("\n  {:>8} {}", count, what);
  };
  line(not_sampled, "not sampled");
  line(bad_records, "damaged records skipped");
  line(invalid_utf8_documents, "documents with invalid UTF-8");
  line(lone_surrogates, "lone surrogates replaced");
  return out;
}

}  // namespace ds::text
