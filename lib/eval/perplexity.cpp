#include "eval/perplexity.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "nn/torch_pch.h"

namespace ds::eval {

namespace {

constexpr int64_t kIgnored = -100;
constexpr int64_t kTokensPerPass = 4096;

// Inputs [begin, end) of the stream, of which those from `scored` on predict their successor.
struct Piece {
  uint64_t begin, end, scored;
};

// All pieces, in order: texts (documents, or the whole stream) cut into windows.
class Pieces {
 public:
  Pieces(const formats::TokenDataset& data, const PerplexityOptions& options)
      : data_(data),
        length_(static_cast<uint64_t>(options.seq_len)),
        stride_(static_cast<uint64_t>(options.stride > 0 ? options.stride : options.seq_len)),
        by_document_(options.document_mask) {}

  std::optional<Piece> next() {
    while (begin_ >= text_end_ || scored_ >= text_end_) {
      if (!next_text()) return std::nullopt;
    }
    const Piece piece{begin_, std::min(begin_ + length_, text_end_), scored_};
    scored_ = piece.end;
    begin_ += stride_;
    return piece;
  }

 private:
  bool next_text() {
    const uint64_t texts = by_document_ ? data_.documents() : (data_.tokens() > 0 ? 1 : 0);
    if (text_ == texts) return false;
    begin_ = scored_ = by_document_ ? data_.document_begin(text_) : 0;
    text_end_ = by_document_ ? data_.document_begin(text_ + 1) : data_.tokens();
    ++text_;
    return true;
  }
  const formats::TokenDataset& data_;
  uint64_t length_, stride_;
  bool by_document_;
  uint64_t text_ = 0, text_end_ = 0, begin_ = 0, scored_ = 0;
};

// Rows of seq_len tokens, filled with pieces side by side.
struct Rows {
  int64_t length;
  std::vector<int64_t> ids, targets, positions, documents;
  int64_t used = 0;  // tokens of the last row
  int64_t piece = 0;

  int64_t count() const { return static_cast<int64_t>(ids.size()) / length; }
  bool fits(int64_t tokens) const { return !ids.empty() && used + tokens <= length; }
  void add_row() {
    const size_t n = ids.size() + static_cast<size_t>(length);
    ids.resize(n, 0);
    targets.resize(n, kIgnored);
    positions.resize(n, 0);
    documents.resize(n, std::numeric_limits<int64_t>::max());  // padding: seen by itself alone
    used = 0;
  }
  // Room for a piece in the last row; the index of its first token.
  size_t place(int64_t tokens) {
    const size_t at = static_cast<size_t>((count() - 1) * length + used);
    for (int64_t i = 0; i < tokens; ++i) {
      positions[at + static_cast<size_t>(i)] = i;
      documents[at + static_cast<size_t>(i)] = piece;
    }
    used += tokens;
    ++piece;
    return at;
  }
  void clear() {
    for (auto* v : {&ids, &targets, &positions, &documents}) v->clear();
    used = piece = 0;
  }
};

void check_ids(const formats::TokenDataset& data, uint64_t begin, const int64_t* ids, int64_t count,
               int64_t vocabulary) {
  for (int64_t i = 0; i < count; ++i) {
    if (ids[i] >= 0 && ids[i] < vocabulary) continue;
    const uint64_t token = begin + static_cast<uint64_t>(i), document = data.document_of(token);
    throw data_error(
        fmt::format("{}: document {}, position {}: token id {}, but the model's vocabulary has {} entries",
                    data.bin_path(), document, token - data.document_begin(document), ids[i], vocabulary),
        "tokenize with the tokenizer that belongs to the model");
  }
}

double score(models::Model& model, const Rows& rows) {
  const at::Device device = model.store().options().device;
  const auto to_device = [&](const std::vector<int64_t>& v) { return at::tensor(v, at::kLong).to(device); };
  nn::PackedAttention attention(rows.count(), rows.length,
                                to_device(rows.documents).view({rows.count(), rows.length}));
  const at::Tensor hidden =
      models::hidden_states(model, to_device(rows.ids), to_device(rows.positions), attention);
  return nn::token_losses(hidden, model.head(), to_device(rows.targets)).sum(at::kDouble).item<double>();
}

std::optional<int64_t> appended_eos(const formats::TokenDataset& data) {
  if (!data.manifest()) return std::nullopt;
  const nlohmann::json& facts = data.manifest()->facts;
  const auto appended = facts.find("appended_eos");
  if (appended == facts.end() || !appended->is_boolean() || !appended->get<bool>()) return std::nullopt;
  return data.eos_id();
}

std::optional<uint64_t> manifest_bytes(const formats::TokenDataset& data) {
  if (!data.manifest()) return std::nullopt;
  const nlohmann::json& facts = data.manifest()->facts;
  const auto bytes = facts.find("bytes");
  if (bytes == facts.end() || !bytes->is_number_unsigned()) return std::nullopt;
  return bytes->get<uint64_t>();
}

}  // namespace

double PerplexityResult::loss() const { return nats / static_cast<double>(tokens); }
double PerplexityResult::perplexity() const { return std::exp(loss()); }
std::optional<double> PerplexityResult::bits_per_byte() const {
  if (!bytes || *bytes == 0) return std::nullopt;
  return nats / (static_cast<double>(*bytes) * std::numbers::ln2);
}

PerplexityResult perplexity(models::Model& model, const formats::TokenDataset& data,
                            const PerplexityOptions& options, const tokenizer::Tokenizer* tokenizer,
                            Run& run) {
  at::NoGradGuard no_grad;
  const int64_t length = options.seq_len, vocabulary = model.config().vocab_size;
  const int64_t batch =
      options.batch_size > 0 ? options.batch_size : std::max<int64_t>(1, kTokensPerPass / length);
  const auto start = std::chrono::steady_clock::now();
  PerplexityResult result;
  result.documents = data.documents();
  uint64_t text_bytes = 0;
  const auto count = [&](int64_t target) {
    ++result.tokens;
    const auto id = static_cast<uint32_t>(target);
    if (tokenizer && id < tokenizer->vocab_size() && !tokenizer->is_special(id))
      text_bytes += tokenizer->bytes_of(id).size();
  };

  Rows rows{.length = length};
  const std::optional<int64_t> eos = appended_eos(data);
  if (eos && data.tokens() > 0) {
    check_ids(data, 0, &*eos, 1, vocabulary);
    rows.add_row();
    const size_t at = rows.place(1);
    rows.ids[at] = *eos;
    data.read(0, 1, &rows.targets[at]);
    check_ids(data, 0, &rows.targets[at], 1, vocabulary);
    count(rows.targets[at]);
  }
  run.progress.start("perplexity", "tokens", data.tokens());
  Pieces pieces(data, options);
  std::vector<int64_t> tokens;
  for (std::optional<Piece> piece = pieces.next(); piece && !run.stop.requested(); piece = pieces.next()) {
    const int64_t inputs = static_cast<int64_t>(piece->end - piece->begin);
    const bool has_next = piece->end < data.tokens();
    tokens.resize(static_cast<size_t>(inputs) + 1);
    data.read(piece->begin, static_cast<uint64_t>(inputs) + has_next, tokens.data());
    check_ids(data, piece->begin, tokens.data(), inputs + has_next, vocabulary);
    if (!rows.fits(inputs)) {
      if (rows.count() == batch) {
        result.nats += score(model, rows);
        rows.clear();
        run.progress.update(piece->begin,
                            fmt::format("loss {:.4f}", result.nats / static_cast<double>(result.tokens)));
      }
      rows.add_row();
    }
    const size_t at = rows.place(inputs);
    std::copy_n(tokens.begin(), inputs, rows.ids.begin() + static_cast<int64_t>(at));
    for (int64_t i = static_cast<int64_t>(piece->scored - piece->begin); i < inputs - !has_next; ++i) {
      rows.targets[at + static_cast<size_t>(i)] = tokens[static_cast<size_t>(i) + 1];
      count(tokens[static_cast<size_t>(i) + 1]);
    }
  }
  if (rows.count() > 0) result.nats += score(model, rows);
  run.progress.finish();
  if (result.tokens == 0)
    throw data_error(data.bin_path() + ": no token to predict", "give data with at least two tokens");
  if (tokenizer) {
    result.bytes = text_bytes;
  } else if (eos && !run.stop.requested()) {
    result.bytes = manifest_bytes(data);
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace ds::eval
