// Token datasets: round trips in every type, Megatron's exact bytes, and every way an index can lie.
#include "formats/token_dataset.h"

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/fault.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using Catch::Matchers::Contains;

namespace {

void put_file(const std::string& path, std::string_view bytes) {
  Fd fd = open_create(path);
  write_all(fd.get(), bytes, path);
  fd.close(path);
}

template <class T>
std::string with(std::string bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

void write_small(const std::string& prefix, TokenType type = TokenType::u16) {
  TokenDatasetWriter writer(prefix, type);
  const std::vector<uint32_t> a = {1, 2, 3}, b = {4, 5}, c = {6};
  writer.add_document(a);
  writer.add_document({});
  writer.add_sequence(b);
  writer.add_sequence(c);
  writer.end_document();
  CHECK(writer.documents() == 3);
  CHECK(writer.tokens() == 6);
  writer.commit();
}

// The error of opening the pair, "" when it opens; whatever opens can be read.
std::string opening(const std::string& prefix) {
  try {
    const TokenDataset data(prefix);
    uint64_t n = 0;
    for (uint64_t d = 0; d < data.documents(); ++d) n += data.document(d).size();
    CHECK(n == data.tokens());
    return "";
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    return e.what();
  }
}

}  // namespace

TEST_CASE("token dataset: the bytes are Megatron's") {
  const test::Scratch scratch;
  write_small(scratch.file("d"));
  CHECK(read_file(scratch.file("d.bin")) == std::string("\1\0\2\0\3\0\4\0\5\0\6\0", 12));
  // Megatron-Core IndexedDatasetBuilder: the same three documents as uint16.
  std::string idx("MMIDIDX\0\0\1\0\0\0\0\0\0\0\x08", 18);
  const auto add = [&](auto value) { idx.append(reinterpret_cast<const char*>(&value), sizeof value); };
  add(uint64_t{3});
  add(uint64_t{4});
  for (int32_t length : {3, 2, 1}) add(length);
  for (int64_t offset : {0, 6, 10}) add(offset);
  for (int64_t boundary : {0, 1, 1, 3}) add(boundary);
  CHECK(read_file(scratch.file("d.idx")) == idx);
}

TEST_CASE("token dataset: what is written is read, in every type") {
  const test::Scratch scratch;
  for (const TokenType type :
       {TokenType::u8, TokenType::i8, TokenType::i16, TokenType::u16, TokenType::i32, TokenType::i64}) {
    const Rng rng(3, RngStream::test, static_cast<uint32_t>(type));
    const uint64_t vocab = type == TokenType::i8    ? 128
                           : type == TokenType::u8  ? 256
                           : type == TokenType::i16 ? 32768
                           : type == TokenType::u16 ? 65536
                                                    : 200000;
    const std::string prefix = scratch.file(token_type_name(type));
    std::vector<std::vector<uint32_t>> documents;
    std::vector<int64_t> stream;
    TokenDatasetWriter writer(prefix, type);
    for (uint64_t d = 0; d < 50; ++d) {
      std::vector<uint32_t> ids(rng.below(1000 + d, 9));
      for (size_t i = 0; i < ids.size(); ++i)
        ids[i] = static_cast<uint32_t>(rng.below(100 * d + i + 5000, vocab));
      writer.add_document(ids);
      stream.insert(stream.end(), ids.begin(), ids.end());
      documents.push_back(ids);
    }
    const auto outputs = writer.commit();
    CHECK(outputs.at(0).name == token_type_name(type) + ".bin");
    CHECK(outputs.at(1).digest == digest_file(prefix + ".idx"));
    for (const std::string& name : {prefix, prefix + ".bin", prefix + ".idx"})
      CHECK(TokenDataset(name).tokens() == stream.size());
    const TokenDataset data(prefix);
    CHECK(data.type() == type);
    REQUIRE(data.documents() == documents.size());
    for (uint64_t d = 0; d < documents.size(); ++d) {
      CHECK(data.document(d) == std::vector<int64_t>(documents[d].begin(), documents[d].end()));
      for (uint64_t t = data.document_begin(d); t < data.document_begin(d + 1); ++t)
        CHECK(data.document_of(t) == d);
    }
    std::vector<int64_t> all(stream.size()), part(7);
    data.read(0, all.size(), all.data());
    CHECK(all == stream);
    data.read(11, part.size(), part.data());
    CHECK(std::equal(part.begin(), part.end(), stream.begin() + 11));
    CHECK_THROWS_AS(data.read(stream.size() - 1, 2, part.data()), Error);
    CHECK_FALSE(data.manifest());
    CHECK_FALSE(data.vocab_size());
  }
}

TEST_CASE("token dataset: many documents at once are the same as one by one") {
  const test::Scratch scratch;
  for (const TokenType type : {TokenType::u16, TokenType::i32}) {
    for (const DatasetExtras extras :
         {DatasetExtras{}, DatasetExtras{true, true}, DatasetExtras{false, true}}) {
      const Rng rng(5, RngStream::test);
      TokenDatasetWriter one(scratch.file("one"), type, extras), many(scratch.file("many"), type, extras);
      uint64_t at = 0;
      for (int batch = 0; batch < 20; ++batch) {
        const auto ids_of = [&](uint64_t most) {
          std::vector<uint32_t> ids(rng.below(at++, most));
          for (uint32_t& id : ids) id = static_cast<uint32_t>(rng.below(at++, 65000));
          return ids;
        };
        std::vector<uint32_t> all;
        std::vector<uint64_t> ends;
        std::vector<uint8_t> mask;
        std::string lines;
        const uint64_t documents = rng.below(at++, 6);
        if (documents > 0 && rng.below(at++, 2) == 0) {
          for (const auto& part : {ids_of(4), ids_of(40000)}) one.add_part(part), many.add_part(part);
        }
        const bool said = rng.below(at++, 2) == 0;
        for (uint64_t d = 0; d < documents; ++d) {
          const std::vector<uint32_t> ids = ids_of(d == 2 ? 2 : 3000);
          const std::vector<uint8_t> bits(ids.size(), static_cast<uint8_t>(d & 1));
          const std::string line = said ? "{\"id\":" + std::to_string(at) + "}" : "";
          one.add_document(ids, extras.mask ? std::span(bits) : std::span<const uint8_t>(), line);
          all.insert(all.end(), ids.begin(), ids.end());
          mask.insert(mask.end(), bits.begin(), bits.end());
          ends.push_back(all.size());
          if (said) lines += line + "\n";
        }
        many.add_documents(all, ends, extras.mask ? std::span(mask) : std::span<const uint8_t>(), lines);
        CHECK(one.tokens() == many.tokens());
        CHECK(one.documents() == many.documents());
      }
      const auto a = one.commit(), b = many.commit();
      REQUIRE(a.size() == b.size());
      for (size_t i = 0; i < a.size(); ++i) CHECK(a[i].digest == b[i].digest);
    }
  }
  TokenDatasetWriter writer(scratch.file("bad"), TokenType::u16);
  const std::vector<uint32_t> ids = {1, 70000};
  CHECK_THROWS_AS(writer.add_documents(ids, std::vector<uint64_t>{2}), Error);
  CHECK_THROWS_AS(writer.add_documents(ids, std::vector<uint64_t>{1}), Error);
}

TEST_CASE("token dataset: types are chosen as Megatron chooses") {
  CHECK(token_type_for_vocab(8000) == TokenType::u16);
  CHECK(token_type_for_vocab(65499) == TokenType::u16);
  CHECK(token_type_for_vocab(65500) == TokenType::i32);
  CHECK(token_type_for_vocab(129280) == TokenType::i32);
  CHECK(dataset_prefix("a/b.bin") == "a/b");
  CHECK(dataset_prefix("a/b.idx") == "a/b");
  CHECK(dataset_prefix("a/b") == "a/b");
  CHECK(dataset_prefix("a/b.v2") == "a/b.v2");
}

TEST_CASE("token dataset: an id that does not fit is the caller's bug") {
  const test::Scratch scratch;
  TokenDatasetWriter writer(scratch.file("d"), TokenType::u16);
  const std::vector<uint32_t> ids = {65536};
  CHECK_THROWS_AS(writer.add_document(ids), Error);
}

TEST_CASE("token dataset: an empty dataset is one") {
  const test::Scratch scratch;
  TokenDatasetWriter(scratch.file("d"), TokenType::i32).commit();
  const TokenDataset data(scratch.file("d"));
  CHECK(data.documents() == 0);
  CHECK(data.tokens() == 0);
}

TEST_CASE("token dataset: the manifest's facts are there when it is") {
  const test::Scratch scratch;
  write_small(scratch.file("d"));
  Manifest manifest;
  manifest.tool = "ds-tokenize";
  manifest.facts = {{"vocab_size", 8000}, {"eos_id", 1}};
  write_manifest(scratch.file("d"), manifest);
  {
    const TokenDataset data(scratch.file("d"));
    CHECK(data.vocab_size() == 8000);
    CHECK(data.eos_id() == 1);
  }
  write_small(scratch.file("d"));  // rewriting the data makes the old manifest untrue
  CHECK_FALSE(TokenDataset(scratch.file("d")).manifest());
}

TEST_CASE("token dataset: an index that lies") {
  const test::Scratch scratch;
  const std::string d = scratch.file("d");
  write_small(d);
  const std::string idx = read_file(d + ".idx"), bin = read_file(d + ".bin");
  const auto lie = [&](const std::string& bytes) {
    put_file(d + ".idx", bytes);
    return opening(d);
  };
  CHECK(lie(idx) == "");
  CHECK_THAT(lie("X" + idx.substr(1)), Contains("d.idx: not a Megatron index"));
  CHECK_THAT(lie(with<uint64_t>(idx, 9, 2)), Contains("index version 2, expected 1"));
  CHECK_THAT(lie(with<uint8_t>(idx, 17, 0)), Contains("unknown dtype code 0"));
  CHECK_THAT(lie(with<uint8_t>(idx, 17, 9)), Contains("unknown dtype code 9"));
  CHECK_THAT(lie(with<uint8_t>(idx, 17, 7)), Contains("floating point"));
  CHECK_THAT(lie(with<uint8_t>(idx, 17, 4)), Contains("sequence 1 begins at byte 6, expected 12"));
  for (const uint64_t n : {uint64_t{4}, uint64_t{2}, uint64_t{0}, uint64_t{1} << 60, ~uint64_t{0}}) {
    CHECK(lie(with<uint64_t>(idx, 18, n)) != "");
    CHECK(lie(with<uint64_t>(idx, 26, n + 1)) != "");
  }
  CHECK_THAT(lie(with<uint64_t>(idx, 18, uint64_t{1} << 60)),
             Contains("claims 1152921504606846976 sequences"));
  CHECK_THAT(lie(with<uint64_t>(idx, 26, 0)), Contains("no document boundaries"));
  CHECK_THAT(lie(with<int32_t>(idx, 34, -3)), Contains("sequence 0 has length -3"));
  CHECK_THAT(lie(with<int32_t>(idx, 34, 4)), Contains("sequence 1 begins at byte 6, expected 8"));
  CHECK_THAT(lie(with<int32_t>(idx, 42, 2)), Contains("truncated at byte 12 (index says 14)"));
  CHECK_THAT(lie(with<int32_t>(idx, 42, 0)), Contains("12 bytes where the index says 10"));
  CHECK_THAT(lie(with<int64_t>(idx, 46, 2)), Contains("sequence 0 begins at byte 2, expected 0"));
  CHECK_THAT(lie(with<int64_t>(idx, 46, -2)), Contains("sequence 0"));
  CHECK_THAT(lie(with<int64_t>(idx, 70, 1)), Contains("document boundary 0"));
  CHECK_THAT(lie(with<int64_t>(idx, 78, 2)), Contains("document boundary 2 is sequence 1, after 2"));
  CHECK_THAT(lie(with<int64_t>(idx, 78, -1)), Contains("document boundary 1"));
  CHECK_THAT(lie(with<int64_t>(idx, 94, 2)), Contains("ends at sequence 2 of 3"));
  CHECK_THAT(lie(with<int64_t>(idx, 94, int64_t{1} << 62)), Contains("document boundary 3"));
  CHECK(lie(idx + "abc") == "");  // modes of a multimodal writer
  CHECK_THAT(lie(idx + "ab"), Contains("104 bytes"));
  for (size_t n = 0; n < idx.size(); ++n) CHECK(lie(idx.substr(0, n)) != "");

  put_file(d + ".idx", idx);
  for (size_t n = 0; n < bin.size(); ++n) {
    put_file(d + ".bin", bin.substr(0, n));
    CHECK_THAT(opening(d), Contains("d.bin: truncated at byte " + std::to_string(n) + " (index says 12)"));
  }
  remove_file(d + ".bin");
  CHECK_THROWS_AS(TokenDataset(d), Error);
}

namespace {

void change_index_at_random(uint64_t rounds) {
  const test::Scratch scratch;
  const std::string d = scratch.file("d");
  write_small(d);
  const std::string idx = read_file(d + ".idx");
  const Rng rng(4, RngStream::test);
  for (uint64_t i = 0; i < rounds; ++i) {
    std::string bytes = idx;
    for (uint64_t k = 0; k <= rng.below(100 * i, 3); ++k) {
      const uint64_t r = 100 * i + 3 * k;
      bytes[rng.below(r + 1, bytes.size())] =
          static_cast<char>(rng.below(r + 2, 3) ? rng.below(r + 3, 8) : rng.bits(r + 3));
    }
    put_file(d + ".idx", bytes);
    opening(d);
  }
}

}  // namespace

TEST_CASE("token dataset: random changes of the index never crash") { change_index_at_random(1500); }
TEST_CASE("token dataset: many random changes of the index never crash", "[full]") {
  change_index_at_random(10000);
}

TEST_CASE("token dataset: a failing disk leaves the old pair or the new one") {
  const test::Scratch scratch;
  const std::string d = scratch.file("d");
  const auto write_new = [&] {
    TokenDatasetWriter writer(d, TokenType::u16);
    const std::vector<uint32_t> a = {9, 8, 7}, b = {6, 5, 4};  // as many bytes as the old ones
    writer.add_document(a);
    writer.add_document({});
    writer.add_document(b);
    writer.commit();
  };
  int old_pairs = 0;
  for (uint64_t n = 1;; ++n) {
    write_small(d);
    fault::arm(n, ENOSPC);
    bool failed = false;
    try {
      write_new();
    } catch (const Error& e) {
      failed = true;
      CHECK(e.kind() == ErrorKind::io);
    }
    fault::disarm();
    const TokenDataset data(d);
    const int64_t first = data.document(0)[0];
    CHECK(data.document(2) == (first == 1 ? std::vector<int64_t>{4, 5, 6} : std::vector<int64_t>{6, 5, 4}));
    CHECK(list_folder(scratch.path()) == std::vector<std::string>{"d.bin", "d.idx"});
    old_pairs += first == 1;
    if (!failed) break;
    REQUIRE(n < 200);
  }
  CHECK(old_pairs > 8);
  CHECK(TokenDataset(d).document(0)[0] == 9);
}

TEST_CASE("token dataset: where nothing was, a failing disk leaves nothing") {
  const test::Scratch scratch;
  for (uint64_t n = 1;; ++n) {
    fault::arm(n, EIO);
    try {
      TokenDatasetWriter writer(scratch.file("d"), TokenType::u16);
      const std::vector<uint32_t> ids = {9, 8, 7};
      writer.add_document(ids);
      writer.commit();
      fault::disarm();
      break;
    } catch (const Error&) {
      fault::disarm();
    }
    CHECK(list_folder(scratch.path()) == std::vector<std::string>{});
    REQUIRE(n < 200);
  }
  CHECK(TokenDataset(scratch.file("d")).tokens() == 3);
}

TEST_CASE("token dataset: masks and document lines come, are checked, and go with the data") {
  test::Scratch scratch;
  const std::string prefix = scratch.file("d");
  {
    TokenDatasetWriter writer(prefix, TokenType::u16, {.mask = true, .documents = true});
    const std::vector<uint32_t> a = {1, 2, 3}, b = {4, 5};
    const std::vector<uint8_t> bits = {0, 1, 1};
    writer.add_document(a, bits, R"({"id":"a"})");
    writer.add_document({}, {}, R"({"id":"empty"})");
    writer.add_document(b);
    CHECK(writer.commit().size() == 4);
  }
  {
    const TokenDataset data(prefix);
    REQUIRE(data.mask() != nullptr);
    CHECK(std::vector<int>(data.mask(), data.mask() + 5) == std::vector<int>{0, 1, 1, 1, 1});
    const auto lines = DocumentLines::open(data);
    REQUIRE(lines);
    CHECK(lines->line(0) == R"({"id":"a"})");
    CHECK(lines->line(1) == R"({"id":"empty"})");
    CHECK(lines->line(2) == "{}");
  }
  put_file(prefix + ".mask", "1111");
  CHECK(opening(prefix) != "");
  put_file(prefix + ".mask", "11111");
  put_file(prefix + ".documents.jsonl", "{}\n{}\n{}");
  CHECK(test::thrown_by<Error>([&] { DocumentLines::open(TokenDataset(prefix)); }).kind() == ErrorKind::data);
  write_small(prefix);  // has neither
  CHECK(!exists(prefix + ".mask"));
  CHECK(!exists(prefix + ".documents.jsonl"));
  CHECK(TokenDataset(prefix).mask() == nullptr);
}

TEST_CASE("token dataset: another process goes on; documents of another set are taken over") {
  const test::Scratch scratch;
  const Rng rng(8, RngStream::test);
  for (uint64_t round = 0; round < 12; ++round) {
    const DatasetExtras extras{.mask = round % 2 == 0, .documents = round % 3 != 0};
    const auto add = [&](TokenDatasetWriter& writer, uint64_t d) {
      std::vector<uint32_t> ids(d % 5 == 0 ? 0 : rng.below(round * 1000 + d, 3000));
      std::vector<uint8_t> mask(ids.size());
      for (size_t i = 0; i < ids.size(); ++i) {
        ids[i] = static_cast<uint32_t>((d * 77 + i) % 60000);
        mask[i] = (d + i) % 3 == 0;
      }
      const std::string line = extras.documents ? "{\"id\":" + std::to_string(d) + "}" : "";
      if (d % 7 == 3) {  // in pieces
        const size_t half = ids.size() / 2;
        const std::span<const uint8_t> bits =
            extras.mask ? std::span<const uint8_t>(mask) : std::span<const uint8_t>();
        writer.add_part(std::span(ids).first(half), extras.mask ? bits.first(half) : bits);
        writer.add_part(std::span(ids).subspan(half), extras.mask ? bits.subspan(half) : bits);
        writer.end_document(line);
      } else {
        writer.add_document(ids, extras.mask ? std::span<const uint8_t>(mask) : std::span<const uint8_t>(),
                            line);
      }
    };
    const std::string whole = scratch.file("whole"), parts = scratch.file("parts"),
                      joined = scratch.file("joined");
    {
      TokenDatasetWriter writer(whole, TokenType::u16, extras);
      for (uint64_t d = 0; d < 60; ++d) add(writer, d);
      writer.commit();
    }
    DatasetPlace place;
    for (int process = 0; process < 3; ++process) {
      TokenDatasetWriter writer(parts, TokenType::u16, extras);
      REQUIRE(writer.restore(place));
      for (uint64_t d = writer.documents(); d < 60; ++d) {
        add(writer, d);
        if (process < 2 && d == 20u * static_cast<uint64_t>(process) + 10) place = writer.sync();
        if (process < 2 && d == 20u * static_cast<uint64_t>(process) + 15) break;
      }
      if (process < 2) {
        writer.keep();
      } else {
        writer.commit();
      }
    }
    {
      const TokenDataset old(whole);
      const auto lines = DocumentLines::open(old);
      TokenDatasetWriter writer(joined, TokenType::u16, extras);
      writer.add_documents(old, 0, 25, lines ? &*lines : nullptr);
      for (uint64_t d = 25; d < 40; ++d) add(writer, d);
      writer.add_documents(old, 40, 20, lines ? &*lines : nullptr);
      writer.commit();
    }
    for (const char* extension : {".bin", ".idx", ".mask", ".documents.jsonl"}) {
      REQUIRE(exists(whole + extension) == exists(parts + extension));
      REQUIRE(exists(whole + extension) == exists(joined + extension));
      if (!exists(whole + extension)) continue;
      CHECK(read_file(whole + extension) == read_file(parts + extension));
      CHECK(read_file(whole + extension) == read_file(joined + extension));
    }
    for (const std::string& name : list_folder(scratch.path())) CHECK(name[0] != '.');
  }
  TokenDatasetWriter writer(scratch.file("parts"), TokenType::u16, {});
  CHECK_FALSE(writer.restore({1, 1, 5, 0}));
  CHECK(writer.documents() == 0);
}

TEST_CASE("token dataset: a commit that was killed before the manifest came is done again") {
  const test::Scratch scratch;
  const std::string d = scratch.file("d");
  const std::vector<uint32_t> ids = {1, 2, 3};
  DatasetPlace place;
  {
    TokenDatasetWriter writer(d, TokenType::u16, {.mask = true, .documents = true});
    writer.add_document(ids);
    writer.add_document({});
    place = writer.sync();
    writer.keep();
    writer.commit();
  }
  const std::string bin = read_file(d + ".bin"), idx = read_file(d + ".idx");
  {
    TokenDatasetWriter writer(d, TokenType::u16, {.mask = true, .documents = true});
    REQUIRE(writer.restore(place));
    CHECK_FALSE(exists(d + ".idx"));
    CHECK(writer.documents() == 2);
    writer.commit();
  }
  CHECK(read_file(d + ".bin") == bin);
  CHECK(read_file(d + ".idx") == idx);
  CHECK(list_folder(scratch.path()).size() == 4);
  // A set with a manifest is somebody's.
  write_manifest(d, {});
  TokenDatasetWriter writer(d, TokenType::u16, {.mask = true, .documents = true});
  CHECK_FALSE(writer.restore(place));
  CHECK(exists(d + ".idx"));
}
