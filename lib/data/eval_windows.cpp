// Batches that visit every token once, in order; see the header.
#include "data/eval_windows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace ds::data {

EvalWindows::EvalWindows(const formats::TokenDataset& data, const EvalOptions& options)
    : data_(data), options_(options) {
  if (options_.seq_len < 1 || options_.batch_size < 1) {
    throw usage_error(
        fmt::format("a sequence length of {} and a batch of {}", options_.seq_len, options_.batch_size));
  }
}

void EvalWindows::restart() { position_ = document_ = targets_ = 0; }

bool EvalWindows::next(Batch& out) {
  resize_batch(out, options_.batch_size, options_.seq_len);
  int64_t rows = 0;
  while (rows < options_.batch_size) {
    if (options_.max_tokens > 0 && targets_ + static_cast<uint64_t>(out.valid_targets) >= options_.max_tokens)
      break;
    if (!(options_.mode == EvalMode::stream ? fill_stream_row(out, rows) : fill_document_row(out, rows)))
      break;
    ++rows;
  }
  targets_ += static_cast<uint64_t>(out.valid_targets);
  if (rows == 0) return false;
  const size_t n = static_cast<size_t>(rows * options_.seq_len);
  out.batch_size = rows;
  for (auto* v : {&out.ids, &out.targets, &out.positions, &out.doc_ids}) v->resize(n);
  return true;
}

// The tail of a row from `column` on holds padding: a document of its own whose targets are ignored.
void EvalWindows::pad_row(Batch& out, int64_t row, int64_t column, int64_t document) const {
  for (int64_t i = column; i < options_.seq_len; ++i) {
    const size_t at = static_cast<size_t>(row * options_.seq_len + i);
    out.positions[at] = i - column;
    out.doc_ids[at] = document;
  }
}

bool EvalWindows::fill_stream_row(Batch& out, int64_t row) {
  const uint64_t length = static_cast<uint64_t>(options_.seq_len);
  // The last token is no input: nothing follows it.
  if (position_ + 1 >= data_.tokens()) return false;
  const uint64_t count = std::min(length, data_.tokens() - 1 - position_);
  const int64_t documents = append_tokens(data_, position_, count, true, options_.document_mask,
                                          options_.vocab_size, row, 0, 0, out);
  pad_row(out, row, static_cast<int64_t>(count), documents);
  position_ += count;
  return true;
}

bool EvalWindows::fill_document_row(Batch& out, int64_t row) {
  const uint64_t length = static_cast<uint64_t>(options_.seq_len);
  uint64_t column = 0;
  int64_t documents = 0;
  while (document_ < data_.documents()) {
    const uint64_t end = data_.document_begin(document_ + 1);
    position_ = std::max(position_, data_.document_begin(document_));
    // The document's last token is no input.
    if (position_ + 1 >= end) {
      position_ = end;
      ++document_;
      continue;
    }
    const uint64_t rest = end - 1 - position_;
    // A document that fits in a row of its own waits for one; a longer one is cut, each piece beginning a
    // row.
    if (column > 0 && rest > length - column) break;
    const uint64_t count = std::min(rest, length - column);
    documents += append_tokens(data_, position_, count, true, true, options_.vocab_size, row,
                               static_cast<int64_t>(column), documents, out);
    column += count;
    position_ += count;
    if (count < rest) break;  // the row is full
  }
  if (column == 0) return false;
  pad_row(out, row, static_cast<int64_t>(column), documents);
  return true;
}

}  // namespace ds::data
