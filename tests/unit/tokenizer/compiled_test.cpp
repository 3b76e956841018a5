#include "tokenizer/compiled.h"

#include "base/atomic_file.h"
#include "base/hash.h"
#include "cases.h"
#include "catch.h"
#include "scratch.h"
#include "tokenizer/compiled_file.h"
#include "tokenizer/encoder_fast.h"
#include "tokenizer/tokenizer.h"

using namespace ds::tokenizer;
using ds::test::Scratch;

namespace {

std::shared_ptr<const CompiledBpe> example() {
  static const Tokenizer tok = Tokenizer::load(tokenizer_data("bpe.tokenizer.json"));
  return tok.fast()->bpe;
}
constexpr CompiledBpe::Key kKey{1, 2, 3};

std::optional<CompiledBpe> opened(const std::string& path, CompiledBpe::Key key = kKey) {
  return CompiledBpe::open(path, [key] { return key; });
}

}  // namespace

TEST_CASE("compiled merges come back from their file as they were") {
  Scratch dir;
  const std::string path = dir.file("t.dsc");
  ds::write_file(path, example()->file_bytes(kKey, "extra"));
  auto c = opened(path);
  REQUIRE(c);
  CHECK(c->extra() == "extra");
  CHECK(c->tokens == example()->tokens);
  const auto shared = std::make_shared<const CompiledBpe>(std::move(*c));
  FastEncoder mine(shared, Pattern::deepseek_v3, 1 << 20), other(example(), Pattern::deepseek_v3, 1 << 20);
  for (const auto& item : stored_cases("corpus.jsonl")) {
    std::vector<uint32_t> a, b;
    mine.encode(item["text"].get<std::string>(), a);
    other.encode(item["text"].get<std::string>(), b);
    CHECK(a == b);
  }
  CHECK(!opened(path, {1, 2, 4}));
  CHECK(!opened(path, {9, 2, 3}));
  CHECK(!opened(dir.file("none.dsc")));
}

TEST_CASE("a damaged compiled file is as if it were not there") {
  Scratch dir;
  const std::string path = dir.file("t.dsc");
  const std::string good = example()->file_bytes(kKey);
  for (size_t size = 0; size < good.size(); size = size * 2 + 13) {
    ds::write_file(path, good.substr(0, size));
    CHECK(!opened(path));
  }
  for (size_t at = 0; at < good.size(); at += 1 + good.size() / 97) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    ds::write_file(path, bad);
    CHECK(!opened(path));
  }
  // The same with a checksum that fits: whatever opens must encode without going astray.
  for (size_t at = 16; at < good.size(); at = at < 512 ? at + 4 : at + 1 + good.size() / 211) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0xA5);
    const uint64_t sum = ds::xxh3(std::string_view(bad).substr(16));
    bad.replace(8, 8, reinterpret_cast<const char*>(&sum), 8);
    ds::write_file(path, bad);
    auto c = opened(path);
    if (!c) continue;
    const auto shared = std::make_shared<const CompiledBpe>(std::move(*c));
    FastEncoder e(shared, Pattern::deepseek_v3, 1 << 20);
    std::vector<uint32_t> ids;
    e.encode(
        "the tokenizer cuts text into words 训练数据 \xD7\x90 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ids);
    for (const uint32_t id : ids) CHECK(id < shared->tokens);
  }
}

TEST_CASE("models that do not fit are refused") {
  std::vector<std::string> tokens;
  for (int b = 0; b < 256; ++b) tokens.emplace_back(1, static_cast<char>(b));
  tokens.push_back("ab");
  std::vector<std::pair<uint32_t, uint32_t>> merges = {{'a', 'b'}};
  std::vector<uint32_t> merged = {256};
  CHECK(CompiledBpe::make({tokens, merges, merged, false}));
  merged = {257};
  CHECK(!CompiledBpe::make({tokens, merges, merged, false}));
  merged = {'c'};
  CHECK(!CompiledBpe::make({tokens, merges, merged, false}));
  merged = {256};
  tokens['x'].clear();
  CHECK(!CompiledBpe::make({tokens, merges, merged, false}));
  CHECK(!CompiledBpe::make({{}, {}, {}, false}));
}
