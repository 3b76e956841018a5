// One pass of the model for several requests: their next tokens through it, and for chosen rows what follows
// from the logits: the token drawn, or how likely a given one was.
#pragma once

#include <cstdint>
#include <exception>
#include <vector>

#include "infer/engine.h"
#include "infer/kv_cache.h"
#include "models/model.h"

namespace ds::infer {

struct PassPart {
  int slot = -1;             // of the cache; room has been grown
  std::vector<int64_t> ids;  // the tokens it is fed
  const EngineRequest* request = nullptr;
  int64_t position = 0;  // of the token that is drawn, in the request's whole text
};

struct PassRow {
  size_t part = 0;
  int64_t row = 0;      // among the ids of all parts, ascending
  int64_t target = -1;  // a token to be scored; -1: the next one is drawn
};

struct PassResult {
  TokenChoice choice;
  std::exception_ptr error;  // this row's own, as of logits that are no numbers
};

// One result a row. Throws what the model throws (out of memory); the cache's lengths may then be anything,
// so the sequences must be freed. Logits are made for a bounded number of rows at a time.
std::vector<PassResult> run_pass(models::Model& model, KvCache& cache, const std::vector<PassPart>& parts,
                                 const std::vector<PassRow>& rows);

}  // namespace ds::infer
