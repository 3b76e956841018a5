// The sum over a dataset against the same sum token by token, for every mode and window.
#include "eval/perplexity.h"

#include <ATen/ATen.h>

#include <cmath>
#include <random>

#include "base/error.h"
#include "catch.h"
#include "models/tiny_model.h"
#include "scratch.h"

namespace ds {
namespace {

constexpr int64_t kEos = 0;

std::string write_data(const std::string& prefix, const std::vector<std::vector<uint32_t>>& documents,
                       bool manifest) {
  formats::TokenDatasetWriter writer(prefix, formats::TokenType::u16);
  for (const auto& d : documents) writer.add_document(d);
  const auto outputs = writer.commit();
  if (manifest) {
    formats::Manifest m;
    m.tool = "test";
    m.outputs = outputs;
    m.facts = {{"eos_id", kEos}, {"appended_eos", true}, {"bytes", 1000}, {"vocab_size", 61}};
    formats::write_manifest(prefix, m);
  }
  return prefix;
}

std::vector<std::vector<uint32_t>> random_documents() {
  std::mt19937 random(7);
  std::vector<std::vector<uint32_t>> documents;
  for (const size_t length : {1u, 5u, 40u, 2u, 17u, 90u, 1u, 16u, 3u}) {
    documents.emplace_back();
    for (size_t i = 0; i + 1 < length; ++i) documents.back().push_back(1 + random() % 60);
    documents.back().push_back(kEos);
  }
  return documents;
}

// -log p of the token after `context`.
double nats(models::Model& model, const std::vector<int64_t>& context, int64_t target) {
  at::NoGradGuard no_grad;
  const int64_t n = static_cast<int64_t>(context.size());
  nn::PackedAttention attention(1, n);
  const at::Tensor h =
      models::hidden_states(model, at::tensor(context, at::kLong), at::arange(n, at::kLong), attention);
  return -at::log_softmax(models::logits(model, h.narrow(0, n - 1, 1)), 1)[0][target].item<double>();
}

double reference(models::Model& model, const std::vector<std::vector<uint32_t>>& documents, bool mask,
                 int64_t length, int64_t stride, bool eos_first) {
  std::vector<int64_t> stream;
  std::vector<size_t> ends;
  for (const auto& d : documents) {
    stream.insert(stream.end(), d.begin(), d.end());
    ends.push_back(stream.size());
  }
  if (!mask) ends = {stream.size()};
  double total = eos_first ? nats(model, {kEos}, stream[0]) : 0.0;
  size_t begin = 0;
  for (const size_t end : ends) {
    for (size_t i = begin; i < end && i + 1 < stream.size(); ++i) {
      // The earliest window that holds input i.
      const size_t offset = i - begin, l = static_cast<size_t>(length), s = static_cast<size_t>(stride);
      const size_t window = offset < l ? 0 : (offset - l) / s + 1;
      const size_t from = begin + window * s;
      total += nats(model,
                    std::vector<int64_t>(stream.begin() + static_cast<int64_t>(from),
                                         stream.begin() + static_cast<int64_t>(i) + 1),
                    stream[i + 1]);
    }
    begin = end;
  }
  return total;
}

}  // namespace

TEST_CASE("perplexity predicts every token once, with the context it promises") {
  const test::Scratch scratch;
  test::TinyModel m;
  const auto documents = random_documents();
  size_t tokens = 0;
  for (const auto& d : documents) tokens += d.size();
  Run run;
  for (const bool manifest : {false, true}) {
    const formats::TokenDataset data(
        write_data(scratch.path() + "/d" + std::to_string(manifest), documents, manifest));
    for (const bool mask : {true, false}) {
      for (const auto& [length, stride, batch] :
           {std::tuple<int64_t, int64_t, int64_t>{32, 0, 2}, {32, 8, 3}, {7, 3, 1}, {128, 0, 0}}) {
        INFO("manifest " << manifest << ", mask " << mask << ", window " << length << ", stride " << stride);
        const auto r = eval::perplexity(
            *m.model, data, {.seq_len = length, .stride = stride, .batch_size = batch, .document_mask = mask},
            nullptr, run);
        const double expected =
            reference(*m.model, documents, mask, length, stride > 0 ? stride : length, manifest);
        CHECK(r.tokens == tokens - !manifest);
        CHECK(std::abs(r.nats - expected) < 1e-5 * expected);
        CHECK(r.documents == documents.size());
        CHECK(r.bytes.has_value() == manifest);
        if (manifest) {
          CHECK(std::abs(*r.bits_per_byte() -
                         r.loss() * static_cast<double>(r.tokens) / (1000 * std::log(2.0))) < 1e-9);
        }
      }
    }
  }
}

TEST_CASE("perplexity counts the bytes of text by the tokenizer") {
  const test::Scratch scratch;
  arch::ModelConfig config = test::tiny_config();
  config.vocab_size = 300;  // more than the tokenizer's 290: such a target is no text
  test::TinyModel m({}, config);
  const tokenizer::Tokenizer tok =
      tokenizer::Tokenizer::load(std::string(DS_TESTDATA) + "/toy/model/tokenizer.json");
  const formats::TokenDataset data(write_data(scratch.path() + "/d", {{259, 6, 0}, {289, 295, 0}}, true));
  Run run;
  const auto r = eval::perplexity(*m.model, data, {.seq_len = 16}, &tok, run);
  CHECK(r.tokens == 6);
  CHECK(tok.decode(std::vector<uint32_t>{259, 289}) == "The cat");
  CHECK(r.bytes == std::string("The cat").size() + 1);
}

TEST_CASE("perplexity: ids beyond the vocabulary, and nothing to predict") {
  const test::Scratch scratch;
  test::TinyModel m;
  Run run;
  const formats::TokenDataset beyond(write_data(scratch.path() + "/a", {{5, 6}, {7, 61}}, false));
  const Error e =
      test::thrown_by<Error>([&] { eval::perplexity(*m.model, beyond, {.seq_len = 16}, nullptr, run); });
  CHECK(e.kind() == ErrorKind::data);
  CHECK(std::string(e.what()).find("document 1, position 1: token id 61") != std::string::npos);
  const formats::TokenDataset one(write_data(scratch.path() + "/b", {{5}}, false));
  CHECK(test::thrown_by<Error>([&] {
          eval::perplexity(*m.model, one, {.seq_len = 16}, nullptr, run);
        }).kind() == ErrorKind::data);
}

}  // namespace ds
