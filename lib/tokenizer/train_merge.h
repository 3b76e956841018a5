// The merge loop of BPE training: from words as symbols, with counts, to merges, as the reference's trainer
// (0.23) makes them. Internal to the trainers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/run.h"
#include "tokenizer/huge_vector.h"

namespace ds::tokenizer {

// Token strings by id and back. Ids without a token hold "".
struct TrainVocabulary {
  std::vector<std::string> tokens;
  std::unordered_map<std::string, uint32_t> ids;

  // The id that `token` has or gets; true when it is new.
  std::pair<uint32_t, bool> add(const std::string& token);
};

// The words as symbols, one after the other in one array, with a boundary before, between and after them.
// Words of equal counts lie together: `runs` says where they end.
struct TrainCells {
  static constexpr uint32_t kBoundary = 0x7FFFFFFF;
  struct Run {
    uint32_t end;  // of the cells that have this count
    int64_t count;
  };
  HugeVector<uint32_t> cells;
  std::vector<Run> runs;
  uint64_t tokens = 0;  // symbols in all, times their words' counts

  void begin(uint64_t symbols, uint64_t words);  // reserves; throws resource when there are too many
  void end_word(int64_t count);                  // after its symbols were pushed to `cells`
};

struct MergeOptions {
  uint64_t vocab_size = 0;  // stops when the vocabulary has as many
  uint64_t min_frequency = 0;
  uint64_t max_token_length =
      UINT64_MAX;                 // in symbols; a pair as long or longer is not counted when it forms
  std::string continuing_prefix;  // taken off the right part of a merge
  uint64_t stop_at_tokens = 0;    // stops when the text is this many tokens or fewer
  uint64_t pair_places = uint64_t{1} << 25;  // the pool of places may always be so large
};

struct TrainedMerge {
  uint32_t left, right, id;
};

// Adds tokens to `vocabulary` and returns the merges in order. `cells` are used up. When run.stop is set the
// result is incomplete: the caller must look.
std::vector<TrainedMerge> train_merges(TrainCells cells, TrainVocabulary& vocabulary,
                                       const MergeOptions& options, Run& run);

}  // namespace ds::tokenizer
