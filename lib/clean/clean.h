// The work of ds-clean: documents in, through the steps of a pipeline, the good ones out in the same order,
// the others with the reason.
//
// A pipeline is cut into segments at the steps that must have seen every document. Within a segment documents
// stream through in batches: reading is sequential, parsing and all document steps run on any thread, results
// are taken in order. Without a corpus step there is one segment and nothing is held. With one, what survives
// the segment is written to the work folder with its signatures, the step decides over all signatures within
// the memory limit, and the next segment reads the documents back and carries the decisions out.
//
// So the output's bytes depend neither on threads nor on the memory limit; and since everything written is
// append-only, a run that was killed goes on from its last checkpoint (checkpoint.h) to the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/part_file.h"
#include "base/run.h"
#include "clean/pipeline.h"
#include "clean/statistics.h"
#include "formats/corpus.h"

namespace ds::clean {

enum class InvalidUtf8 : uint8_t { replace, reject, error };
enum class Resume : uint8_t { automatic, never, must };

struct CleanOptions {
  formats::CorpusOptions corpus;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::replace;
  std::optional<text::Language> language;  // of all documents; else it is guessed from each text
  double sample = 1;  // share of the documents that are looked at, chosen by a hash of seed and id
  int64_t seed = 0;
  uint64_t limit = 0;           // stop when this many documents are kept; 0: no limit
  bool skip_bad_lines = false;  // count damaged records instead of failing
  bool hash_inputs = false;     // read inputs to their end even when the limit is reached, for input_digests
  bool all_values = false;      // compute every rule's value, also of documents already rejected
  std::string explain;          // the document of this id has all its values computed and written

  // Which of so many parts of the inputs is read: cut by their bytes, at records; compressed files are not
  // cut.
  uint64_t shard = 0, shards = 1;

  uint64_t memory = uint64_t{2} << 30;  // bytes that documents on their way and corpus steps may use
  // Larger texts are examined without lists of their words and lines, which takes longer (Item::large).
  uint64_t large_text = kLargeText;
  // Where documents wait for a corpus step, and the checkpoint lies: made when it is needed. The caller
  // removes it, once the results are in place or when they are given up.
  std::string work_folder;
  std::string spill_folder;  // another place for the documents; empty: the work folder
  std::string plan;          // hash of everything that decides the bytes; empty: no checkpoints
  Resume resume = Resume::automatic;
  double checkpoint_seconds = 10;
};

// Where result lines go, in document order.
struct CleanSinks {
  LineSink* keep = nullptr;
  LineSink* reject = nullptr;  // may be null
  LineSink* values = nullptr;  // may be null: one line of every rule's value for each document (explain.h)
  // May be null: {"id":…,"cluster":"id of the one kept","size":N,"kept":…,"step":…} for each document in a
  // group.
  LineSink* clusters = nullptr;
};

// Throws data (damaged input, no documents at all), io, resource; whatever the sinks throw.
CleanStats clean(const std::vector<formats::CorpusInput>& inputs, const Pipeline& pipeline,
                 const CleanOptions& options, const CleanSinks& sinks, Run& run);

}  // namespace ds::clean
