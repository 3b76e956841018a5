// GGUF: the layout byte for byte, round trips, and every way in which a file can lie.
#include "formats/gguf.h"

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;
using Catch::Matchers::Contains;

namespace {

template <class T>
std::string le(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}
std::string str(const std::string& s) { return le<uint64_t>(s.size()) + s; }
std::string head(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
  return "GGUF" + le(version) + le(tensors) + le(keys);
}
std::string tensor(const std::string& name, const std::vector<uint64_t>& dims, uint32_t type,
                   uint64_t offset) {
  std::string s = str(name) + le(static_cast<uint32_t>(dims.size()));
  for (const uint64_t d : dims) s += le(d);
  return s + le(type) + le(offset);
}
std::string padded(std::string s, size_t to = 32) {
  s.resize((s.size() + to - 1) / to * to, '\0');
  return s;
}

// Reads everything that an opened file offers.
void read_all(const GgufFile& file) {
  uint64_t sum = 0;
  for (const GgufTensor& t : file.tensors()) {
    for (const char c : file.bytes(t)) sum += static_cast<unsigned char>(c);
    if (ggml_type_from_name(t.type->name)) sum += file.floats(t).size();
  }
  for (const auto& [key, v] : file.metadata()) {
    sum += static_cast<uint64_t>(v.integer().value_or(0)) + v.text().value_or("").size() + key.size();
    if (v.number()) ++sum;
    for (uint64_t i = 0; i < std::min<uint64_t>(v.count, 100); ++i)
      sum += static_cast<uint64_t>(v.integer(i).value_or(0));
    v.for_each_text([&](std::string_view s) {
      sum += s.size();
      return true;
    });
  }
  CHECK(sum != 1234567890123);
}

// The message of opening these bytes, "" when they open.
std::string opening(const test::Scratch& scratch, const std::string& bytes) {
  const std::string path = scratch.file("t.gguf");
  Fd fd = open_create(path);
  write_all(fd.get(), bytes, path);
  fd.close(path);
  try {
    read_all(GgufFile(path));
    return "";
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    CHECK_THAT(e.what(), Contains(path));
    return e.what();
  }
}

GgufMetadata sample_metadata() {
  GgufMetadata m;
  m.text("general.architecture", "llama");
  m.u32("llama.block_count", 7);
  m.f32("x.eps", 0.5f);
  m.boolean("x.yes", true);
  m.texts("x.names", std::vector<std::string>{"a", "", "bcd"});
  m.i32s("x.kinds", std::vector<int32_t>{1, -3});
  return m;
}

}  // namespace

TEST_CASE("gguf: the bytes of a small file") {
  const test::Scratch scratch;
  const std::string path = scratch.file("a.gguf");
  GgufMetadata m;
  m.u32("k", 9);
  GgufWriter writer(path, m,
                    {{"w", {2, 3}, GgmlType::f32}, {"e", {0, 4}, GgmlType::f16}, {"v", {1}, GgmlType::f16}});
  writer.write(std::string(20, 'a'));
  writer.write("bbbb");
  writer.write("cc");
  const uint64_t size = writer.size();
  writer.commit();
  const std::string expected =
      padded(head(3, 1) + str("k") + le<uint32_t>(4) + le<uint32_t>(9) + tensor("w", {3, 2}, 0, 0) +
             tensor("e", {4, 0}, 1, 32) + tensor("v", {1}, 1, 32)) +
      padded(std::string(20, 'a') + "bbbb") + padded("cc");
  CHECK(read_file(path) == expected);
  CHECK(size == expected.size());
}

TEST_CASE("gguf: what is written is read") {
  const test::Scratch scratch;
  const std::string path = scratch.file("a.gguf");
  const std::vector<GgufDecl> decls = {
      {"m", {3, 64}, GgmlType::q4_0}, {"b", {5}, GgmlType::f32}, {"h", {2, 2}, GgmlType::bf16}};
  GgufWriter writer(path, sample_metadata(), decls);
  std::vector<float> values(192);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 8 - 12;
  std::string q(108, '\0');
  to_ggml(GgmlType::q4_0, values, q.data());
  for (size_t i = 0; i < q.size(); i += 36) writer.write(std::string_view(q).substr(i, 36));
  writer.write(std::string(20, '\0'));
  writer.write(std::string(8, '\0'));
  writer.commit();

  const GgufFile file(path);
  CHECK(file.size() == GgufWriter::planned_size(sample_metadata(), decls));
  REQUIRE(file.tensors().size() == 3);
  const GgufTensor* t = file.find_tensor("m");
  REQUIRE(t);
  CHECK(t->shape == std::vector<int64_t>{3, 64});
  CHECK(file.bytes(*t) == q);
  const std::vector<float> back = file.floats(*t);
  for (size_t i = 0; i < back.size(); ++i) CHECK(std::fabs(back[i] - values[i]) < 1.0f);
  CHECK(file.find("llama.block_count")->integer() == 7);
  CHECK(file.find("general.architecture")->text() == "llama");
  CHECK(file.find("x.eps")->number() == 0.5);
  CHECK(file.find("x.yes")->integer() == 1);
  CHECK(file.find("x.kinds")->integer(1) == -3);
  CHECK_FALSE(file.find("x.kinds")->integer(2));
  CHECK_FALSE(file.find("x.kinds")->integer());
  CHECK_FALSE(file.find("x.names")->text());
  std::vector<std::string> names;
  file.find("x.names")->for_each_text([&](std::string_view s) {
    names.emplace_back(s);
    return names.size() < 3;
  });
  CHECK(names == std::vector<std::string>{"a", "", "bcd"});
  CHECK(file.find("none") == nullptr);
  CHECK(file.find_tensor("none") == nullptr);
}

namespace {

void cut_and_change(uint64_t rounds) {
  const test::Scratch scratch;
  const std::string path = scratch.file("whole.gguf");
  {
    GgufWriter writer(path, sample_metadata(), {{"m", {2, 32}, GgmlType::q8_0}, {"b", {3}, GgmlType::f32}});
    writer.write(std::string(68, '\1'));
    writer.write(std::string(12, '\0'));
    writer.commit();
  }
  const std::string whole = read_file(path);
  REQUIRE(opening(scratch, whole).empty());
  const size_t last = whole.size() - 20;  // the padding of the last tensor may be missing
  for (size_t n = 0; n < last; ++n) CHECK_FALSE(opening(scratch, whole.substr(0, n)).empty());
  const Rng rng(5, RngStream::test);
  for (uint64_t i = 0; i < rounds; ++i) {
    std::string bad = whole;
    for (uint64_t k = 0; k <= rng.below(i * 8, 3); ++k)
      bad[rng.below(i * 8 + 1 + k, bad.size())] = static_cast<char>(rng.bits(i * 8 + 4 + k));
    opening(scratch, bad);
  }
}

}  // namespace

TEST_CASE("gguf: a file cut at any byte, or with any byte changed, is refused or read, never worse") {
  cut_and_change(600);
}
TEST_CASE("gguf: many changes are refused or read, never worse", "[full]") { cut_and_change(3000); }

TEST_CASE("gguf: lies of the header") {
  const test::Scratch scratch;
  const uint64_t huge = uint64_t{1} << 60;
  CHECK_THAT(opening(scratch, "GGML" + std::string(40, '\0')), Contains("does not begin"));
  CHECK_THAT(opening(scratch, head(0, 0, 1)), Contains("version 1"));
  CHECK_THAT(opening(scratch, head(0, 0, 0x03000000)), Contains("big-endian"));
  CHECK_THAT(opening(scratch, head(0, huge)), Contains("keys"));
  CHECK_THAT(opening(scratch, head(huge, 0)), Contains("tensors"));
  CHECK_THAT(opening(scratch, head(0, 1) + le(huge) + std::string(64, 'k')), Contains("a key of"));
  CHECK_THAT(opening(scratch, head(0, 1) + str("k") + le<uint32_t>(13) + std::string(64, '\0')),
             Contains("value type 13"));
  CHECK_THAT(opening(scratch, head(0, 1) + str("k") + le<uint32_t>(8) + le(huge)), Contains("truncated"));
  const std::string array = head(0, 1) + str("k") + le<uint32_t>(9);
  CHECK_THAT(opening(scratch, array + le<uint32_t>(8) + le(huge)), Contains("strings"));
  CHECK_THAT(opening(scratch, array + le<uint32_t>(4) + le(huge)), Contains("elements"));
  std::string nested = array;
  for (int i = 0; i < 100000; ++i) nested += le<uint32_t>(9) + le<uint64_t>(1);
  CHECK_THAT(opening(scratch, nested), Contains("array of arrays"));
  const std::string key = str("k") + le<uint32_t>(4) + le<uint32_t>(1);
  CHECK_THAT(opening(scratch, head(0, 2) + key + key), Contains("appears twice"));
  const auto one = [&](const std::string& info, size_t data = 256) {
    return opening(scratch, padded(head(1, 0) + info) + std::string(data, '\0'));
  };
  CHECK(one(tensor("t", {32}, 0, 0)).empty());
  CHECK(one(tensor("t", {}, 0, 0)).empty());
  CHECK(one(tensor("t", {0}, 8, 0)).empty());
  CHECK_THAT(one(tensor("t", {1, 1, 1, 1, 1}, 0, 0)), Contains("5 dimensions"));
  CHECK_THAT(one(tensor("t", {huge, huge}, 0, 0)), Contains("impossible dimension"));
  CHECK_THAT(one(tensor("t", {huge}, 0, 0)), Contains("bytes of data"));
  CHECK_THAT(one(tensor("t", {8}, 4, 0)), Contains("number type 4"));
  CHECK_THAT(one(tensor("t", {33}, 8, 0)), Contains("rows of 33"));
  CHECK_THAT(one(tensor("t", {8}, 0, 16)), Contains("multiple of 32"));
  CHECK_THAT(one(tensor("t", {8}, 0, 256)), Contains("bytes of data"));
  CHECK_THAT(one(tensor("t", {8}, 0, UINT64_MAX - 31)), Contains("bytes of data"));
  CHECK_THAT(one(tensor(std::string(65, 't'), {8}, 0, 0)), Contains("a name of 65"));
  const auto two = [&](const std::string& a, const std::string& b) {
    return opening(scratch, padded(head(2, 0) + a + b) + std::string(256, '\0'));
  };
  CHECK_THAT(two(tensor("t", {8}, 0, 0), tensor("t", {8}, 0, 32)), Contains("appears twice"));
  CHECK_THAT(two(tensor("t", {9}, 0, 0), tensor("u", {8}, 0, 32)), Contains("inside the tensor before"));
  const auto aligned = [&](uint32_t n) {
    return opening(
        scratch,
        padded(head(1, 1) + str("general.alignment") + le<uint32_t>(4) + le(n) + tensor("t", {8}, 0, 0), 64) +
            std::string(64, '\0'));
  };
  CHECK(aligned(64).empty());
  CHECK_THAT(aligned(0), Contains("power of two"));
  CHECK_THAT(aligned(48), Contains("power of two"));
}

TEST_CASE("gguf: a writer that is used wrongly says so") {
  const test::Scratch scratch;
  const auto path = scratch.file("a.gguf");
  CHECK_THROWS_AS(GgufWriter(path, {}, {{"w", {31}, GgmlType::q8_0}}), Error);
  CHECK_THROWS_AS(GgufWriter(path, {}, {{std::string(64, 'n'), {1}, GgmlType::f32}}), Error);
  GgufWriter writer(path, {}, {{"w", {2}, GgmlType::f32}});
  CHECK_THROWS_AS(writer.write("123456789"), Error);
  CHECK_THROWS_AS(writer.commit(), Error);
  CHECK_FALSE(exists(path));
}
