// safetensors: round trips, the reference writer's bytes, and every way a header can lie.
#include "formats/safetensors.h"

#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/rng.h"
#include "catch.h"
#include "scratch.h"

using namespace ds;
using namespace ds::formats;

namespace {

std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t n = header.size();
  return std::string(reinterpret_cast<const char*>(&n), 8) + header + data;
}

// The error message of opening these bytes, "" when they open.
std::string opening(const test::Scratch& scratch, const std::string& bytes) {
  const std::string path = scratch.file("t.safetensors");
  Fd fd = open_create(path);
  write_all(fd.get(), bytes, path);
  fd.close(path);
  try {
    const SafetensorsFile file(path);
    for (const TensorInfo& t : file.tensors()) {  // whatever opens can be read
      uint64_t sum = 0;
      for (const char c : file.bytes(t)) sum += static_cast<unsigned char>(c);
      if (sum == std::numeric_limits<uint64_t>::max()) return "?";
    }
    return "";
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    CHECK(std::string(e.what()).find(path) != std::string::npos);
    return e.what();
  }
}

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("safetensors: the writer gives the reference implementation's bytes") {
  // safetensors.numpy.save({"b": float32 [[1,2]], "a": float32 [3], "h": int64 5, "z": float16 [0], "é\n":
  // uint8 [7,8,9]},
  //                        metadata={"format": "pt"})
  const test::Scratch scratch;
  const std::string path = scratch.file("w.safetensors");
  SafetensorsWriter writer(path, {{"b", DType::f32, {1, 2}},
                                  {"a", DType::f32, {1}},
                                  {"h", DType::i64, {}},
                                  {"z", DType::f16, {0}},
                                  {"\xc3\xa9\n", DType::u8, {3}}});
  std::vector<std::string> names;
  for (const TensorInfo& t : writer.order()) names.push_back(t.name);
  CHECK(names == std::vector<std::string>{"h", "a", "b", "z", "\xc3\xa9\n"});
  const int64_t five = 5;
  const float a = 3, b[2] = {1, 2};
  writer.write("h", {reinterpret_cast<const char*>(&five), 8});
  writer.write("a", {reinterpret_cast<const char*>(&a), 4});
  writer.write({reinterpret_cast<const char*>(b), 4});  // in pieces
  writer.write({reinterpret_cast<const char*>(b + 1), 4});
  writer.write("z", "");
  writer.write("\xc3\xa9\n", "\x07\x08\x09");
  const FileDigest digest = writer.commit();
  CHECK(digest.size == 343);
  CHECK(digest.sha256 == "c4f2809ae97607ef99e1b759b9d57c9f0842f9898e91d475465131e93a9a0612");
  CHECK(digest == digest_file(path));
}

TEST_CASE("safetensors: what is written is read") {
  const test::Scratch scratch;
  const std::string path = scratch.file("r.safetensors");
  const Rng rng(1, RngStream::test);
  std::vector<TensorDecl> tensors;
  std::map<std::string, std::string> bytes;
  for (uint64_t i = 0; i < 200; ++i) {
    const auto dtype = static_cast<DType>(rng.below(3 * i, 22));
    TensorDecl t{"t" + std::to_string(i), dtype, {}};
    for (uint64_t d = 0; d < rng.below(3 * i + 1, 4); ++d)
      t.shape.push_back(static_cast<int64_t>(rng.below(10000 + 4 * i + d, 5)));
    if (const auto n = tensor_bytes(t.dtype, t.shape)) {
      std::string& b = bytes[t.name];
      for (uint64_t k = 0; k < *n; ++k) b += static_cast<char>(rng.bits(100000 + 200 * i + k));
      tensors.push_back(t);
    }
  }
  const auto source = [&](const TensorInfo& t) { return std::string_view(bytes[t.name]); };
  const FileDigest first = write_safetensors(path, tensors, source);
  std::reverse(tensors.begin(), tensors.end());
  CHECK(write_safetensors(path, tensors, source) == first);  // the order of declaration does not matter
  const SafetensorsFile file(path);
  CHECK(file.tensors().size() == tensors.size());
  CHECK(file.metadata().at("format") == "pt");
  uint64_t at = 0;
  for (const TensorDecl& t : tensors) {
    const TensorInfo& info = file.at(t.name);
    CHECK(info.dtype == t.dtype);
    CHECK(info.shape == t.shape);
    CHECK(file.bytes(info) == bytes[t.name]);
    at += info.bytes();
  }
  CHECK(file.find("nobody") == nullptr);
  CHECK_THROWS_WITH(file.at("nobody"), Contains("there is no tensor nobody"));
}

TEST_CASE("safetensors: a writer that is misused says so and leaves nothing") {
  const test::Scratch scratch;
  const std::string path = scratch.file("m.safetensors");
  {
    SafetensorsWriter writer(path, {{"a", DType::f32, {2}}, {"b", DType::f32, {1}}});
    CHECK_THROWS_AS(writer.write("b", "1234"), Error);      // not its turn
    CHECK_THROWS_AS(writer.write("a", "1234"), Error);      // too short
    CHECK_THROWS_AS(writer.write("1234567890123"), Error);  // more than all
    CHECK_THROWS_AS(writer.commit(), Error);                // nothing came
  }
  CHECK(list_folder(scratch.path()).empty());
  CHECK_THROWS_AS(SafetensorsWriter(path, {{"a", DType::f32, {2}}, {"a", DType::u8, {2}}}), Error);
  CHECK_THROWS_AS(SafetensorsWriter(path, {{"a", DType::f4, {3}}}), Error);
  CHECK_THROWS_AS(SafetensorsWriter(path, {{"a", DType::f32, {int64_t{1} << 40, int64_t{1} << 40}}}), Error);
}

TEST_CASE("safetensors: headers that lie") {
  const test::Scratch scratch;
  const auto header = [&](const std::string& h, size_t data = 8) {
    return opening(scratch, file_of(h, std::string(data, 'x')));
  };
  const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  CHECK(header(good) == "");
  CHECK(header(good + "   ") == "");
  CHECK(header("{}", 0) == "");
  CHECK(header(R"({"__metadata__":{"format":"pt"},"a":{"data_offsets":[0,8],"shape":[],"dtype":"I64"}})") ==
        "");

  const uint64_t huge = uint64_t{1} << 60;
  CHECK_THAT(opening(scratch, std::string(reinterpret_cast<const char*>(&huge), 8) + good),
             Contains("claims a header of 1152921504606846976 bytes"));
  CHECK_THAT(opening(scratch, ""), Contains("truncated at byte 0"));
  CHECK_THAT(opening(scratch, "1234567"), Contains("truncated at byte 7"));
  CHECK_THAT(header(good, 7), Contains("tensor a: ends at byte 8 of 7"));
  CHECK_THAT(header(good, 9), Contains("end at byte 8 of 9"));
  CHECK_THAT(header("", 0), Contains("does not begin with {"));
  CHECK_THAT(header(" {}", 0), Contains("does not begin with {"));
  CHECK_THAT(header("{\"a\":"), Contains("not JSON"));
  CHECK_THAT(header(good + "x"), Contains("not JSON"));
  CHECK_THAT(header("{\"\xff\":1}"), Contains("not JSON"));
  CHECK_THAT(header("{" + std::string(100000, '[')), Contains("not JSON"));
  CHECK_THAT(header("{\"a\":" + std::string(100000, '[')), Contains("tensor a: an array where none is due"));
  CHECK_THAT(header(R"({"a":5})"), Contains("tensor a: 5 where no number is due"));
  CHECK_THAT(header(R"({"a":null})"), Contains("tensor a: null"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[2]}})"),
             Contains("tensor a: dtype, shape and data_offsets"));
  CHECK_THAT(header(R"({"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}})"),
             Contains("tensor a: unknown dtype \"F33\""));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"),
             Contains("takes 8 bytes, but its shape and dtype F32 need 12"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"),
             Contains("tensor a: negative number -2"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})"),
             Contains("2.0 in \"shape\""));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[2,"x"],"data_offsets":[0,8]}})"), Contains("tensor a"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[2,[1]],"data_offsets":[0,8]}})"), Contains("tensor a"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]}})"),
             Contains("impossible dimension"));
  CHECK_THAT(
      header(
          R"({"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904,2],"data_offsets":[0,8]}})"),
      Contains("overflows"));
  CHECK_THAT(header(R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,8]}})"),
             Contains("no whole number of bytes"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"),
             Contains("before it begins"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})"),
             Contains("holds 3 numbers"));
  CHECK_THAT(
      header(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551615]}})"),
      Contains("tensor a: ends at byte"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"dtype":"F32"}})"),
             Contains("appears twice"));
  CHECK_THAT(header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"note":"x"}})"),
             Contains("unknown key \"note\""));
  CHECK_THAT(
      header(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"),
      Contains("tensor a: appears twice"));
  CHECK_THAT(
      header(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
          12),
      Contains("tensor b: overlaps tensor a"));
  CHECK_THAT(
      header(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})",
          16),
      Contains("tensor b: begins at byte 12, leaving a hole after byte 8"));
  CHECK_THAT(header(R"({"__metadata__":{"format":5},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"),
             Contains("__metadata__"));
  CHECK_THAT(header(R"({"__metadata__":{},"__metadata__":{}})", 0), Contains("appears twice"));
}

TEST_CASE("safetensors: a file cut anywhere is a data error") {
  const test::Scratch scratch;
  const std::string whole = file_of(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})",
      std::string(11, 'x'));
  CHECK(opening(scratch, whole) == "");
  for (size_t n = 0; n < whole.size(); ++n) CHECK(opening(scratch, whole.substr(0, n)) != "");
}

namespace {

void change_at_random(uint64_t rounds) {
  const test::Scratch scratch;
  const std::string whole = file_of(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})",
      std::string(11, 'x'));
  const Rng rng(2, RngStream::test);
  const std::string likely = "0123456789[]{}\",:-eF";
  int opened = 0;
  for (uint64_t i = 0; i < rounds; ++i) {
    std::string bytes = whole;
    for (uint64_t k = 0; k <= rng.below(100 * i, 4); ++k) {
      const uint64_t r = 100 * i + 4 * k;
      const size_t at = rng.below(r + 1, bytes.size());
      switch (rng.below(r + 2, 4)) {
        case 0:
          bytes[at] = static_cast<char>(rng.bits(r + 3));
          break;
        case 1:
          bytes[at] = likely[rng.below(r + 3, likely.size())];
          break;
        case 2:
          bytes.erase(at, 1 + rng.below(r + 3, 5));
          break;
        default:
          bytes.insert(at, 1, likely[rng.below(r + 3, likely.size())]);
      }
      if (bytes.empty()) break;
    }
    opened += opening(scratch, bytes) == "";
  }
  CHECK(opened > 0);  // some changes are harmless
  CHECK(static_cast<uint64_t>(opened) < rounds / 2);
}

}  // namespace

TEST_CASE("safetensors: random changes never crash") { change_at_random(1500); }
TEST_CASE("safetensors: many random changes never crash", "[full]") { change_at_random(10000); }

TEST_CASE("safetensors: numbers are converted") {
  const test::Scratch scratch;
  const std::string path = scratch.file("n.safetensors");
  const uint16_t half[4] = {0x3c00, 0xc000, 0x0001, 0x7c00}, brain[2] = {0x3f80, 0xc040};
  const double wide[1] = {0.5};
  const int8_t small[2] = {-1, 7};
  std::map<std::string, std::string> bytes = {{"f16", {reinterpret_cast<const char*>(half), 8}},
                                              {"bf16", {reinterpret_cast<const char*>(brain), 4}},
                                              {"f64", {reinterpret_cast<const char*>(wide), 8}},
                                              {"i8", {reinterpret_cast<const char*>(small), 2}}};
  write_safetensors(path,
                    {{"f16", DType::f16, {4}},
                     {"bf16", DType::bf16, {2}},
                     {"f64", DType::f64, {1}},
                     {"i8", DType::i8, {2}}},
                    [&](const TensorInfo& t) { return std::string_view(bytes[t.name]); });
  const SafetensorsFile file(path);
  CHECK(file.floats(file.at("f16")) ==
        std::vector<float>{1.0f, -2.0f, 0x1p-24f, std::numeric_limits<float>::infinity()});
  CHECK(file.floats(file.at("bf16")) == std::vector<float>{1.0f, -3.0f});
  CHECK(file.floats(file.at("f64")) == std::vector<float>{0.5f});
  CHECK(file.integers(file.at("i8")) == std::vector<int64_t>{-1, 7});
  CHECK_THROWS_AS(file.integers(file.at("f64")), Error);
  CHECK_THROWS_AS(file.floats(file.at("i8")), Error);

  for (uint32_t bits = 0; bits < 65536; ++bits) {  // every bf16 survives the way to float and back
    const float value = bf16_to_float(static_cast<uint16_t>(bits));
    if (value == value) CHECK_FALSE(float_to_bf16(value) != bits);
  }
  CHECK(float_to_bf16(1.00390625f) == 0x3f80);  // half way: to even
  CHECK(float_to_bf16(1.01171875f) == 0x3f82);
  CHECK(float_to_bf16(3.4e38f) == 0x7f80);
}

TEST_CASE("safetensors: dtypes have names and sizes") {
  for (int i = 0; i < 22; ++i) {
    const auto dtype = static_cast<DType>(i);
    CHECK(dtype_from_name(dtype_name(dtype)) == dtype);
  }
  CHECK(dtype_name(DType::f8_e4m3) == "F8_E4M3");
  CHECK(dtype_bits(DType::c64) == 64);
  CHECK_FALSE(dtype_from_name("F31"));
  CHECK(tensor_bytes(DType::f4, {2}) == 1);
  CHECK(tensor_bytes(DType::f6_e2m3, {4}) == 3);
  CHECK_FALSE(tensor_bytes(DType::f6_e2m3, {3}));
  CHECK(tensor_bytes(DType::f32, {}) == 4);
  CHECK(tensor_bytes(DType::f32, {int64_t{1} << 62, 0, int64_t{1} << 62}) == 0);
  CHECK_FALSE(tensor_bytes(DType::f32, {-1}));
}
