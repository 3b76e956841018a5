// Evaluation windows: each token is a target once, with the context it should have.
#include "data/eval_windows.h"

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::data;
using formats::TokenDataset;

namespace {

// Ids are the tokens' numbers in the stream, so that every target tells where it comes from.
std::vector<uint64_t> make(const std::string& prefix, uint64_t seed) {
  const Rng rng(seed, RngStream::test);
  std::vector<uint64_t> begins;
  uint32_t next = 0;
  formats::TokenDatasetWriter writer(prefix, formats::TokenType::i32);
  for (uint64_t d = 0; d < 40; ++d) {
    std::vector<uint32_t> ids(rng.below(d, 5) == 0 ? rng.below(1000 + d, 3) : rng.below(1000 + d, 40));
    begins.push_back(next);
    for (uint32_t& id : ids) id = next++;
    writer.add_document(ids);
  }
  begins.push_back(next);
  writer.commit();
  return begins;
}

}  // namespace

TEST_CASE("evaluation: in document mode each token but each document's first is a target once, in context") {
  const test::Scratch scratch;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto begins = make(scratch.file("d"), seed);
    const TokenDataset data(scratch.file("d"));
    for (const int64_t S : {1, 5, 16, 64}) {
      EvalWindows windows(data, {.seq_len = S, .batch_size = 3});
      for (int round = 0; round < 2; ++round) {
        Batch batch;
        int64_t expected = 1, valid = 0;  // targets come in the stream's order
        while (windows.next(batch)) {
          REQUIRE(batch.batch_size <= 3);
          REQUIRE(batch.ids.size() == static_cast<size_t>(batch.batch_size * S));
          for (int64_t row = 0; row < batch.batch_size; ++row) {
            for (int64_t t = 0; t < S; ++t) {
              const auto i = static_cast<size_t>(row * S + t);
              if (batch.targets[i] == kIgnore) continue;
              ++valid;
              while (std::find(begins.begin(), begins.end(), static_cast<uint64_t>(expected)) != begins.end())
                ++expected;
              REQUIRE(batch.targets[i] == expected);
              REQUIRE(batch.ids[i] == expected - 1);
              ++expected;
              // The context reaches back to the document's begin, or to the row's.
              const uint64_t d = data.document_of(static_cast<uint64_t>(batch.ids[i]));
              const int64_t place = batch.ids[i] - static_cast<int64_t>(begins[d]);
              REQUIRE(batch.positions[i] == place % S);
              REQUIRE(batch.positions[i] <= t);
              const auto start = i - static_cast<size_t>(batch.positions[i]);
              REQUIRE(batch.doc_ids[start] == batch.doc_ids[i]);
              REQUIRE((batch.positions[start] == 0 && (start % static_cast<size_t>(S) == 0 ||
                                                       batch.doc_ids[start - 1] != batch.doc_ids[i])));
            }
          }
        }
        int64_t due = 0;
        for (uint64_t d = 0; d < data.documents(); ++d)
          due += std::max<int64_t>(0, static_cast<int64_t>(data.document_tokens(d)) - 1);
        CHECK(valid == due);
        CHECK(windows.position() == data.tokens());
        windows.restart();
      }
    }
  }
}

TEST_CASE("evaluation: in stream mode each token but the first is a target once") {
  const test::Scratch scratch;
  const auto begins = make(scratch.file("d"), 3);
  const TokenDataset data(scratch.file("d"));
  for (const bool mask : {false, true}) {
    for (const int64_t S : {1, 7, 64, 10000}) {
      EvalWindows windows(data,
                          {.mode = EvalMode::stream, .seq_len = S, .batch_size = 4, .document_mask = mask});
      Batch batch;
      int64_t input = 0, valid = 0;
      while (windows.next(batch)) {
        int64_t counted = 0;
        for (size_t i = 0; i < batch.ids.size(); ++i) {
          if (input + 1 >= static_cast<int64_t>(data.tokens())) {  // padding
            CHECK(batch.targets[i] == kIgnore);
            continue;
          }
          REQUIRE(batch.ids[i] == input);
          const bool first =
              std::find(begins.begin(), begins.end(), static_cast<uint64_t>(input + 1)) != begins.end();
          REQUIRE(batch.targets[i] == (mask && first ? kIgnore : input + 1));
          counted += batch.targets[i] != kIgnore;
          ++input;
        }
        CHECK(batch.valid_targets == counted);
        valid += counted;
      }
      CHECK(input == static_cast<int64_t>(data.tokens()) - 1);
      if (!mask) CHECK(valid == input);
    }
  }
}

TEST_CASE("evaluation: nothing to predict, limits, bad sizes") {
  const test::Scratch scratch;
  formats::TokenDatasetWriter writer(scratch.file("d"), formats::TokenType::u16);
  const std::vector<uint32_t> one = {5};
  writer.add_document(one);
  writer.add_document({});
  writer.add_document(one);
  writer.commit();
  const TokenDataset data(scratch.file("d"));
  Batch batch;
  CHECK_FALSE(EvalWindows(data, {}).next(batch));
  CHECK_THROWS_AS(EvalWindows(data, {.seq_len = 0}), Error);
  CHECK_THROWS_AS(EvalWindows(data, {.batch_size = 0}), Error);

  make(scratch.file("e"), 4);
  const TokenDataset more(scratch.file("e"));
  EvalWindows limited(more, {.seq_len = 8, .batch_size = 2, .max_tokens = 50});
  int64_t targets = 0;
  while (limited.next(batch)) targets += batch.valid_targets;
  CHECK(targets >= 50);
  CHECK(targets < 50 + 8);
  EvalWindows beyond(more, {.vocab_size = 10});
  CHECK_THROWS_AS(beyond.next(batch), Error);
}
