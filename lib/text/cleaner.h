// The work of ds-clean: documents in, the good ones out in the same order, the others with the reason.
//
// Reading is sequential; parsing, repair, normal form, rules and fingerprints run in parallel; duplicates are
// decided in order. So the output's bytes do not depend on the number of threads. Texts are held only while
// they pass through.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/run.h"
#include "formats/corpus.h"
#include "text/rules.h"

namespace ds::text {

enum class InvalidUtf8 { replace, reject, error };
enum class Dedup { none, exact, minhash };

struct CleanOptions {
  formats::CorpusOptions corpus;
  bool normalize = true;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::replace;
  RuleLimits rules;
  Dedup dedup = Dedup::minhash;
  double jaccard = 0.8;              // near duplicates are at least this similar
  std::vector<std::string> against;  // reference corpora; their exact and near duplicates are rejected
  uint64_t limit = 0;                // stop when this many documents are kept; 0: no limit
  double sample = 1;  // share of the documents that are looked at, chosen by a hash of seed and id
  int64_t seed = 0;
  bool hash_streams = false;  // read streams to their end even when the limit is reached, for stream_digests
  bool skip_bad_lines = false;  // count damaged records instead of failing
};

// Where the results go: whole lines of JSONL. `reject` may be empty.
struct CleanSinks {
  std::function<void(std::string_view)> keep, reject;
};

struct Volume {
  uint64_t documents = 0, bytes = 0, chars = 0;  // of the texts
  std::array<uint64_t, 40> lengths{};            // documents by bit width of the length in characters
  void add(uint64_t text_bytes, uint64_t text_chars);
};

struct CleanStats {
  Volume in, kept;                           // `in` counts texts as they came, `kept` as they were written
  std::map<std::string, uint64_t> rejected;  // by rule
  uint64_t bad_records = 0, not_sampled = 0, reference_documents = 0;
  uint64_t invalid_utf8_documents = 0, invalid_utf8_sequences = 0, lone_surrogates = 0;
  uint64_t removed_characters = 0, documents_changed_by_nfc = 0;
  bool limit_reached = false;
  bool stopped = false;                    // by the stop token: the result is incomplete
  std::vector<FileDigest> stream_digests;  // of the inputs that are streams, in order

  uint64_t rejected_documents() const;
  nlohmann::json to_json() const;  // the report: stable keys, no times
  std::string summary() const;     // for people
};

// Throws data (damaged input, no documents at all), io, resource; whatever the sinks throw.
CleanStats clean(const std::vector<formats::CorpusInput>& inputs, const CleanOptions& options,
                 const CleanSinks& sinks, Run& run);

}  // namespace ds::text
