// Evaluation batches: every token of a dataset once, in order, for losses that do not depend on sampling.
//
// Stream mode: non-overlapping windows over the concatenated stream, as in training (with or without document
// masks). Document mode: rows hold whole documents, as many as fit, each seen alone; a document longer than
// the window is cut into windows that follow each other, and the first target of a piece is the token after
// the previous piece's last. Either way each token is a target at most once: all but the stream's first, or
// all but each document's first.
#pragma once

#include <cstdint>

#include "data/window_loader.h"
#include "formats/token_dataset.h"

namespace ds::data {

enum class EvalMode { stream, documents };

struct EvalOptions {
  EvalMode mode = EvalMode::documents;
  int64_t seq_len = 1024;
  int64_t batch_size = 8;
  int64_t vocab_size = 0;     // as in WindowOptions
  bool document_mask = true;  // stream mode only; document mode always masks
  uint64_t max_tokens = 0;    // stop after about so many targets; 0: all
};

class EvalWindows {
 public:
  EvalWindows(const formats::TokenDataset& data, const EvalOptions& options);  // `data` must outlive it

  // The next batch (fewer rows at the end, padded rows: targets kIgnore); false when there is none. A row's
  // unused tail is a document of its own, so that it changes nothing.
  bool next(Batch& out);
  void restart();
  uint64_t position() const { return position_; }  // tokens of the stream consumed, for progress

 private:
  bool fill_stream_row(Batch& out, int64_t row);
  bool fill_document_row(Batch& out, int64_t row);
  void pad_row(Batch& out, int64_t row, int64_t column, int64_t document) const;

  const formats::TokenDataset& data_;
  EvalOptions options_;
  uint64_t position_ = 0;  // next token of the stream
  uint64_t document_ = 0;  // the document that holds it
  uint64_t targets_ = 0;   // valid targets so far
};

}  // namespace ds::data
