// Training windows against an obvious loop over the stream.
#include "data/window_loader.h"

#include <algorithm>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::data;
using Catch::Matchers::Contains;
using formats::TokenDataset;

namespace {

// A dataset of documents of random lengths (many empty or of one token); the stream and each token's
// document.
struct Toy {
  std::vector<int64_t> stream;
  std::vector<uint64_t> document, place;  // of each token
  explicit Toy(const std::string& prefix, uint64_t seed, uint64_t documents = 60) {
    const Rng rng(seed, RngStream::test);
    formats::TokenDatasetWriter writer(prefix, formats::TokenType::u16);
    for (uint64_t d = 0; d < documents; ++d) {
      std::vector<uint32_t> ids(rng.below(2 * d, 4) == 0 ? rng.below(2 * d + 1, 2)
                                                         : rng.below(2 * d + 1, 30));
      for (uint32_t& id : ids) {
        id = static_cast<uint32_t>(2 + stream.size() % 1000);
        place.push_back(static_cast<uint64_t>(&id - ids.data()));
        document.push_back(d);
        stream.push_back(id);
      }
      writer.add_document(ids);
    }
    writer.commit();
  }
};

}  // namespace

TEST_CASE("windows: inputs, targets, documents and positions are what an obvious loop says") {
  const test::Scratch scratch;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Toy toy(scratch.file("d"), seed);
    const TokenDataset data(scratch.file("d"));
    for (const int64_t length : {1, 2, 7, 16, 50}) {
      for (const bool mask : {false, true}) {
        const WindowLoader loader(
            data, {.seq_len = length, .vocab_size = 1002, .seed = seed, .document_mask = mask});
        const auto S = static_cast<uint64_t>(length);
        REQUIRE(loader.windows() == (toy.stream.size() - 1) / S);
        Batch batch;
        loader.load(3, 4, batch);
        int64_t valid = 0;
        for (uint64_t row = 0; row < 4; ++row) {
          const uint64_t begin = loader.window_of(3 + row) * S;
          int64_t piece = 0;
          for (uint64_t t = 0; t < S; ++t) {
            const uint64_t at = begin + t, i = row * S + t;
            const bool crosses = toy.document[at + 1] != toy.document[at];
            REQUIRE(batch.ids[i] == toy.stream[at]);
            REQUIRE(batch.targets[i] == (mask && crosses ? kIgnore : toy.stream[at + 1]));
            REQUIRE(batch.doc_ids[i] == (mask ? piece : 0));
            REQUIRE(batch.positions[i] == static_cast<int64_t>(mask ? std::min(toy.place[at], t) : t));
            valid += batch.targets[i] != kIgnore;
            piece += crosses;
          }
        }
        REQUIRE(batch.valid_targets == valid);
      }
    }
  }
}

TEST_CASE("windows: every epoch visits every window once, in an order of its own") {
  const test::Scratch scratch;
  const Toy toy(scratch.file("d"), 1, 300);
  const TokenDataset data(scratch.file("d"));
  const WindowLoader loader(data, {.seq_len = 16, .seed = 9});
  const uint64_t n = loader.windows();
  std::vector<std::vector<uint64_t>> epochs;
  for (uint64_t e = 0; e < 3; ++e) {
    std::vector<uint64_t> order;
    for (uint64_t i = 0; i < n; ++i) order.push_back(loader.window_of(e * n + i));
    CHECK(std::set<uint64_t>(order.begin(), order.end()).size() == n);
    epochs.push_back(order);
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
  const WindowLoader same(data, {.seq_len = 16, .seed = 9}), other(data, {.seq_len = 16, .seed = 10}),
      plain(data, {.seq_len = 16, .shuffle = false});
  int equal = 0;
  for (uint64_t i = 0; i < n; ++i) {
    CHECK(same.window_of(i) == loader.window_of(i));
    equal += other.window_of(i) == loader.window_of(i);
    CHECK(plain.window_of(i + n) == i);
  }
  CHECK(equal < static_cast<int>(n) / 2);
}

TEST_CASE("windows: a batch is its rows, however they are grouped") {
  const test::Scratch scratch;
  const Toy toy(scratch.file("d"), 2, 100);
  const TokenDataset data(scratch.file("d"));
  const WindowLoader loader(data, {.seq_len = 8});
  Batch all, one;
  loader.load(loader.windows() - 3, 6, all);  // over the end of an epoch
  for (int64_t row = 0; row < 6; ++row) {
    loader.load(loader.windows() - 3 + static_cast<uint64_t>(row), 1, one);
    CHECK(std::equal(one.ids.begin(), one.ids.end(), all.ids.begin() + 8 * row));
    CHECK(std::equal(one.targets.begin(), one.targets.end(), all.targets.begin() + 8 * row));
    CHECK(std::equal(one.doc_ids.begin(), one.doc_ids.end(), all.doc_ids.begin() + 8 * row));
  }
}

TEST_CASE("windows: ids beyond the vocabulary name document and position") {
  const test::Scratch scratch;
  formats::TokenDatasetWriter writer(scratch.file("d"), formats::TokenType::i32);
  const std::vector<uint32_t> a = {1, 2, 3}, b = {4, 5, 99, 6, 7};
  writer.add_document(a);
  writer.add_document({});
  writer.add_document(b);
  writer.commit();
  const TokenDataset data(scratch.file("d"));
  Batch batch;
  for (const int64_t length : {7, 5, 2}) {  // 99 as an input, as the last target, in a later window
    const WindowLoader loader(data, {.seq_len = length, .vocab_size = 99, .shuffle = false});
    const auto load_all = [&] { loader.load(0, static_cast<int64_t>(loader.windows()), batch); };
    const Error e = test::thrown_by<Error>(load_all);
    CHECK(e.kind() == ErrorKind::data);
    CHECK_THAT(
        e.what(),
        Contains("d.bin: document 2, position 2: token id 99, but the model's vocabulary has 99 entries"));
  }
  WindowLoader(data, {.seq_len = 7, .vocab_size = 100}).load(0, 1, batch);
  WindowLoader(data, {.seq_len = 7}).load(0, 1, batch);
  CHECK_THROWS_WITH(WindowLoader(data, {.seq_len = 8}),
                    Contains("8 tokens are less than one window (8 inputs and a target)"));
  CHECK_THROWS_AS(WindowLoader(data, {.seq_len = 0}), Error);

  const std::string bin = scratch.file("d.bin");  // a negative id in a signed type
  std::string bytes = read_file(bin);
  bytes[3] = '\xff';
  write_file(bin, bytes);
  const TokenDataset negative(scratch.file("d"));
  CHECK_THROWS_WITH(WindowLoader(negative, {.seq_len = 7, .vocab_size = 100}).load(0, 1, batch),
                    Contains("document 0, position 0: token id -1677"));
}
