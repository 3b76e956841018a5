// One forward pass (and backward pass) over given ids, everything written out: what parity tests and other
// tools compare.
//
// In:  ids I64 [B,S]; optional, all I64 [B,S]: labels (unshifted, -100 ignored), attention_mask (1 = real
// token),
//      position_ids, doc_ids (tokens attend inside equal values), token_type_ids (read only by architectures
//      with token types).
// Out: logits F32 [B,S,V]; loss F32 [1], the mean over valid labels, when there are labels; grad.<tensor as
// stored>;
//      hidden.<i> F32 [B,S,H], the input of block i, the last one after the final norm.
//
// As in transformers: positions count from 0 in every row unless given; position_ids that restart, without
// attention_mask and doc_ids, separate documents.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "base/hash.h"
#include "base/log.h"
#include "models/model.h"

namespace ds::eval {

struct ForwardInput {
  at::Tensor ids, labels, attention_mask, position_ids, doc_ids;  // undefined when not given
  int64_t max_position = 0;                                       // the highest position in use
};

// Throws data when tensors are missing, misshapen or of another type, or when an id, label or position is out
// of range.
ForwardInput read_forward_input(const std::string& path, const arch::ModelConfig& config, Log& log);

using NamedTensors = std::map<std::string, at::Tensor>;

// `grads` needs labels (usage) and a store made for training.
NamedTensors forward(models::Model& model, const ForwardInput& input, bool grads, bool hidden);

FileDigest write_tensors(const std::string& path, const NamedTensors& tensors);  // F32 and I64, atomically

}  // namespace ds::eval
