// Reading and writing safetensors; see the header for the layout and the promises.
#include "formats/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/error.h"

static_assert(std::endian::native == std::endian::little,
              "the formats of ds-tools are little-endian and read as they lie");

namespace ds::formats {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;

struct DTypeRow {
  std::string_view name;
  int bits;
};
// In the order of enum DType.
constexpr std::array<DTypeRow, 22> kDTypes = {
    {{"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
     {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
     {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
     {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64}}};

// Collects the header event by event: no tree, no recursion, and repeated keys are seen. Levels: 1 the top
// object, 2 a tensor (or the metadata), 3 the array of a tensor's key.
class HeaderReader {
 public:
  HeaderReader(const std::string& path, std::vector<TensorInfo>& tensors,
               std::map<std::string, std::string>& metadata)
      : path_(path), tensors_(tensors), metadata_(metadata) {}

  bool start_object(size_t) {
    if (level_ >= 2) fail("an object where a value is due");
    ++level_;
    return true;
  }
  bool end_object() {
    if (level_ == 2 && !in_metadata_) finish_tensor();
    --level_;
    return true;
  }
  bool start_array(size_t) {
    if (level_ != 2 || in_metadata_ || (key_ != "shape" && key_ != "data_offsets"))
      fail("an array where none is due");
    ++level_;
    return true;
  }
  bool end_array() {
    --level_;
    return true;
  }
  bool key(std::string& key) {
    if (level_ == 1) {
      in_metadata_ = key == "__metadata__";
      if (in_metadata_ ? std::exchange(has_metadata_, true) : !index_.emplace(key, 0).second) {
        current_.name = key;
        fail("appears twice in the header");
      }
      current_ = TensorInfo{.name = key};
      offsets_.clear();
      seen_ = 0;
      return true;
    }
    key_ = key;
    if (in_metadata_) return true;
    const unsigned bit = key == "dtype" ? 1 : key == "shape" ? 2 : key == "data_offsets" ? 4 : 0;
    if (bit == 0) fail(fmt::format("unknown key \"{}\"", key));
    if (seen_ & bit) fail(fmt::format("key \"{}\" appears twice", key));
    seen_ |= bit;
    return true;
  }
  bool string(std::string& value) {
    if (level_ == 2 && in_metadata_) {
      if (!metadata_.emplace(key_, value).second) fail(fmt::format("key \"{}\" appears twice", key_));
      return true;
    }
    if (level_ != 2 || key_ != "dtype") fail(fmt::format("\"{}\" where no string is due", value));
    const auto dtype = dtype_from_name(value);
    if (!dtype) fail(fmt::format("unknown dtype \"{}\"", value));
    current_.dtype = *dtype;
    return true;
  }
  bool number_unsigned(uint64_t value) {
    if (level_ != 3) fail(fmt::format("{} where no number is due", value));
    if (key_ == "data_offsets") {
      offsets_.push_back(value);
    } else {
      if (value > INT64_MAX) fail(fmt::format("impossible dimension {}", value));
      current_.shape.push_back(static_cast<int64_t>(value));
    }
    return true;
  }
  bool number_integer(int64_t value) {
    return fail(fmt::format("negative number {} in \"{}\"", value, key_));
  }
  bool number_float(double, const std::string& text) {
    return fail(fmt::format("{} in \"{}\" is no whole number", text, key_));
  }
  bool null() { return fail("null where a value is due"); }
  bool boolean(bool) { return fail("true or false where a value is due"); }
  bool binary(std::vector<uint8_t>&) { return fail("binary value"); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) {
    throw data_error(fmt::format("{}: the header is not JSON (at byte {} of it)", path_, position));
  }

 private:
  [[noreturn]] bool fail(const std::string& what) const {
    if (level_ < 1 || (current_.name.empty() && !in_metadata_)) throw data_error(path_ + ": header: " + what);
    throw data_error(
        fmt::format("{}: tensor {}: {}", path_, in_metadata_ ? "__metadata__" : current_.name, what));
  }
  void finish_tensor() {
    if (seen_ != 7) fail("dtype, shape and data_offsets are due, and one is missing");
    if (offsets_.size() != 2) fail(fmt::format("data_offsets holds {} numbers, not 2", offsets_.size()));
    current_.begin = offsets_[0];
    current_.end = offsets_[1];
    tensors_.push_back(current_);
  }

  const std::string& path_;
  std::vector<TensorInfo>& tensors_;
  std::map<std::string, std::string>& metadata_;
  std::unordered_map<std::string, int> index_;
  int level_ = 0;
  bool in_metadata_ = false, has_metadata_ = false;
  unsigned seen_ = 0;
  std::string key_;
  TensorInfo current_;
  std::vector<uint64_t> offsets_;
};

// Offsets inside the data, sizes as shape and dtype say, no hole, no overlap, everything covered.
void check_layout(const std::string& path, const std::vector<TensorInfo>& tensors, uint64_t data_size) {
  uint64_t at = 0;
  const TensorInfo* before = nullptr;
  for (const TensorInfo& t : tensors) {
    const auto fail = [&](const std::string& what) {
      throw data_error(fmt::format("{}: tensor {}: {}", path, t.name, what),
                       "the file is damaged: copy or make it again");
    };
    if (t.begin > t.end) fail(fmt::format("ends at byte {}, before it begins at {}", t.end, t.begin));
    if (t.end > data_size) fail(fmt::format("ends at byte {} of {} bytes of data", t.end, data_size));
    const auto due = tensor_bytes(t.dtype, t.shape);
    if (!due) fail("its shape overflows or is no whole number of bytes");
    if (*due != t.bytes())
      fail(fmt::format("takes {} bytes, but its shape and dtype {} need {}", t.bytes(), dtype_name(t.dtype),
                       *due));
    if (t.begin < at) fail(fmt::format("overlaps tensor {}", before->name));
    if (t.begin > at) fail(fmt::format("begins at byte {}, leaving a hole after byte {}", t.begin, at));
    at = t.end;
    before = &t;
  }
  if (at != data_size) {
    throw data_error(fmt::format("{}: the tensors end at byte {} of {} bytes of data", path, at, data_size));
  }
}

template <class Stored, class Out>
void convert(std::string_view bytes, std::vector<Out>& out, Out (*one)(Stored)) {
  for (size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = one(value);
  }
}
template <class Out, class Stored>
Out cast(Stored value) {
  return static_cast<Out>(value);
}

}  // namespace

std::string_view dtype_name(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].name; }
int dtype_bits(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].bits; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (size_t i = 0; i < kDTypes.size(); ++i) {
    if (kDTypes[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::optional<uint64_t> tensor_bytes(DType dtype, const std::vector<int64_t>& shape) {
  if (std::any_of(shape.begin(), shape.end(), [](int64_t d) { return d < 0; })) return std::nullopt;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  uint64_t bits = static_cast<uint64_t>(dtype_bits(dtype));
  for (const int64_t d : shape) {
    if (__builtin_mul_overflow(bits, static_cast<uint64_t>(d), &bits)) return std::nullopt;
  }
  if (bits % 8 != 0) return std::nullopt;
  return bits / 8;
}

uint64_t TensorInfo::elements() const {
  uint64_t n = 1;
  for (const int64_t d : shape) n *= static_cast<uint64_t>(d);
  return n;
}

SafetensorsFile::SafetensorsFile(const std::string& path) : map_(path) {
  const uint64_t size = map_.size();
  if (size < 8)
    throw data_error(fmt::format("{}: truncated at byte {}: a safetensors file begins with 8 bytes of length",
                                 path, size));
  uint64_t header = 0;
  std::memcpy(&header, map_.data(), 8);
  if (header > kMaxHeader) {
    throw data_error(
        fmt::format("{}: claims a header of {} bytes (at most {} are allowed)", path, header, kMaxHeader),
        "is it a safetensors file?");
  }
  if (header > size - 8) {
    throw data_error(fmt::format("{}: truncated at byte {} (the header ends at {})", path, size, header + 8));
  }
  const std::string_view text = map_.view().substr(8, header);
  if (!text.starts_with('{'))
    throw data_error(path + ": the header does not begin with {", "is it a safetensors file?");
  HeaderReader reader(map_.path(), tensors_, metadata_);
  nlohmann::json::sax_parse(text, &reader);
  data_ = 8 + header;
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  check_layout(path, tensors_, size - data_);
  index_.reserve(tensors_.size());
  for (size_t i = 0; i < tensors_.size(); ++i) index_.emplace(tensors_[i].name, i);
}

const TensorInfo* SafetensorsFile::find(std::string_view name) const {
  const auto it = index_.find(std::string(name));
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

const TensorInfo& SafetensorsFile::at(std::string_view name) const {
  const TensorInfo* found = find(name);
  if (!found) throw data_error(fmt::format("{}: there is no tensor {}", path(), name));
  return *found;
}

std::string_view SafetensorsFile::bytes(const TensorInfo& tensor) const {
  return map_.view().substr(data_ + tensor.begin, tensor.bytes());
}

std::vector<float> SafetensorsFile::floats(const TensorInfo& tensor) const {
  std::vector<float> out(tensor.elements());
  const std::string_view from = bytes(tensor);
  switch (tensor.dtype) {
    case DType::f32:
      convert<float>(from, out, cast<float, float>);
      break;
    case DType::f64:
      convert<double>(from, out, cast<float, double>);
      break;
    case DType::bf16:
      convert<uint16_t>(from, out, bf16_to_float);
      break;
    case DType::f16:
      convert<uint16_t>(from, out, f16_to_float);
      break;
    default:
      throw data_error(fmt::format("{}: tensor {}: {} where F32, F64, BF16 or F16 is due", path(),
                                   tensor.name, dtype_name(tensor.dtype)));
  }
  return out;
}

std::vector<int64_t> SafetensorsFile::integers(const TensorInfo& tensor) const {
  std::vector<int64_t> out(tensor.elements());
  const std::string_view from = bytes(tensor);
  switch (tensor.dtype) {
    case DType::i64:
      convert<int64_t>(from, out, cast<int64_t, int64_t>);
      break;
    case DType::i32:
      convert<int32_t>(from, out, cast<int64_t, int32_t>);
      break;
    case DType::u32:
      convert<uint32_t>(from, out, cast<int64_t, uint32_t>);
      break;
    case DType::i16:
      convert<int16_t>(from, out, cast<int64_t, int16_t>);
      break;
    case DType::u16:
      convert<uint16_t>(from, out, cast<int64_t, uint16_t>);
      break;
    case DType::i8:
      convert<int8_t>(from, out, cast<int64_t, int8_t>);
      break;
    case DType::u8:
    case DType::boolean:
      convert<uint8_t>(from, out, cast<int64_t, uint8_t>);
      break;
    default:
      throw data_error(fmt::format("{}: tensor {}: {} where whole numbers are due", path(), tensor.name,
                                   dtype_name(tensor.dtype)));
  }
  return out;
}

SafetensorsWriter::SafetensorsWriter(const std::string& path, std::vector<TensorDecl> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : file_(path) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorDecl& a, const TensorDecl& b) {
    return a.dtype != b.dtype ? a.dtype > b.dtype : a.name < b.name;
  });
  const auto quoted = [](const std::string& s) { return nlohmann::json(s).dump(); };
  std::string header = "{";
  if (!metadata.empty()) header += "\"__metadata__\":" + nlohmann::json(metadata).dump();
  std::unordered_set<std::string> names;
  for (TensorDecl& t : tensors) {
    const auto bytes = tensor_bytes(t.dtype, t.shape);
    if (!bytes || t.name == "__metadata__" || !names.insert(t.name).second) {
      throw internal_error(fmt::format("{}: tensor {} cannot be declared so", path, t.name));
    }
    TensorInfo info{std::move(t.name), t.dtype, std::move(t.shape), total_, total_ + *bytes};
    total_ = info.end;
    if (header.size() > 1) header += ',';
    header += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}", quoted(info.name),
                          dtype_name(info.dtype), nlohmann::json(info.shape).dump(), info.begin, info.end);
    order_.push_back(std::move(info));
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const uint64_t length = header.size();
  file_.write({reinterpret_cast<const char*>(&length), 8});
  file_.write(header);
  header_bytes_ = 8 + length;
}

void SafetensorsWriter::write(std::string_view bytes) {
  if (bytes.size() > total_ - written_)
    throw internal_error(file_.path() + ": more tensor bytes than were declared");
  file_.write(bytes);
  written_ += bytes.size();
  while (next_ < order_.size() && order_[next_].end < written_) ++next_;
  if (next_ < order_.size() && order_[next_].end == written_ && order_[next_].bytes() > 0) ++next_;
}

void SafetensorsWriter::write(std::string_view name, std::string_view bytes) {
  while (next_ < order_.size() && order_[next_].bytes() == 0 && order_[next_].name != name) ++next_;
  if (next_ == order_.size() || order_[next_].name != name || order_[next_].begin != written_ ||
      order_[next_].bytes() != bytes.size()) {
    throw internal_error(
        fmt::format("{}: tensor {} with {} bytes was not due", file_.path(), name, bytes.size()));
  }
  file_.write(bytes);
  written_ += bytes.size();
  ++next_;
}

FileDigest SafetensorsWriter::commit() {
  if (written_ != total_)
    throw internal_error(
        fmt::format("{}: {} of {} tensor bytes were written", file_.path(), written_, total_));
  return file_.commit();
}

FileDigest write_safetensors(const std::string& path, std::vector<TensorDecl> tensors,
                             const TensorSource& source, const std::map<std::string, std::string>& metadata) {
  SafetensorsWriter writer(path, std::move(tensors), metadata);
  for (const TensorInfo& t : writer.order()) writer.write(t.name, source(t));
  return writer.commit();
}

float bf16_to_float(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t float_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float f16_to_float(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 31u, fraction = bits & 1023u;
  if (exponent == 0) {  // zero and subnormal numbers: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

uint16_t float_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
  const auto with_sign = [&](uint32_t half) { return static_cast<uint16_t>(sign | half); };
  if (magnitude > 0x7f800000u) return with_sign(0x7e00u);
  if (magnitude >= 0x477ff000u) return with_sign(0x7c00u);  // 65520 and above
  if (magnitude <
      0x38800000u) {  // below 2^-14: adding 0.5 leaves multiples of 2^-24, rounded, in the last bits
    const uint32_t moved = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f);
    return with_sign(moved - 0x3f000000u);
  }
  return with_sign((magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13);
}

}  // namespace ds::formats
