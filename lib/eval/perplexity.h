// How well a model predicts a token dataset: nats per token, and bits per byte of text, which compares across
// tokenizers and with compressors.
//
// The convention. The dataset is one stream, documents in order, each usually closed by the end-of-text
// token. Every token of the stream is predicted exactly once, also the end-of-text tokens, and also the first
// token of every document: from the token before it in the stream. The very first token is predicted from an
// end-of-text token put before it, when the data's manifest says that documents end with one; otherwise it is
// not predicted and its bytes do not count. So
//   bits_per_byte = loss * tokens / (bytes * ln 2)
// pays for every byte of text, and for the borders between documents on top.
//
// What a token sees: with `document_mask` the tokens of its own document before it (the first token of a
// document sees the previous document, which ends in the end-of-text token); without, the stream. A text
// longer than `seq_len` is read in windows of seq_len tokens, each `stride` further than the last; a token
// that two windows hold is predicted by the earlier one, so stride = seq_len never looks twice, and a smaller
// stride gives each prediction at least seq_len - stride tokens of context.
#pragma once

#include <cstdint>
#include <optional>

#include "base/run.h"
#include "formats/token_dataset.h"
#include "models/model.h"
#include "tokenizer/tokenizer.h"

namespace ds::eval {

struct PerplexityOptions {
  int64_t seq_len = 1024;
  int64_t stride = 0;      // 0: seq_len
  int64_t batch_size = 0;  // rows of seq_len tokens in one pass; 0: about 4096 tokens
  bool document_mask = true;
};

struct PerplexityResult {
  double nats = 0;                // in all
  uint64_t tokens = 0;            // predicted
  std::optional<uint64_t> bytes;  // of text that they stand for; nothing when it is not known
  uint64_t documents = 0;
  double seconds = 0;

  double loss() const;        // nats per token
  double perplexity() const;  // e^loss
  std::optional<double> bits_per_byte() const;
};

// Bytes are counted with `tokenizer` (special tokens are no text), or else taken from the data's manifest.
// Throws data for ids beyond the vocabulary and for data without a single token to predict. Ends early, with
// what was done, when run.stop asks.
PerplexityResult perplexity(models::Model& model, const formats::TokenDataset& data,
                            const PerplexityOptions& options, const tokenizer::Tokenizer* tokenizer,
                            Run& run);

}  // namespace ds::eval
