// Reading and writing GGUF; see the header for the layout and the promises.
#include "formats/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"

namespace ds::formats {
namespace {

constexpr uint64_t kAlignment = 32;
constexpr uint64_t kMaxKey = 65535, kMaxName = 64;  // bytes
constexpr uint32_t kMaxDimensions = 4;
constexpr std::string_view kMagic = "GGUF";
constexpr std::string_view kAlignmentKey = "general.alignment";
// In the order of GgufType; 0: no fixed size.
constexpr std::array<uint64_t, 13> kSizes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
constexpr std::array<std::string_view, 13> kNames = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                                     "bool", "string", "array", "u64", "i64", "f64"};

uint64_t size_of(GgufType type) { return kSizes[static_cast<size_t>(type)]; }
uint64_t padded(uint64_t size, uint64_t alignment) { return (size + alignment - 1) / alignment * alignment; }

template <class T>
T load(std::string_view bytes, uint64_t index = 0) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

// A whole number of any type at `index` of `bytes`; nothing for other types and for what int64 does not hold.
std::optional<int64_t> integer_at(GgufType type, std::string_view bytes, uint64_t index) {
  switch (type) {
    case GgufType::u8:
    case GgufType::boolean:
      return load<uint8_t>(bytes, index);
    case GgufType::i8:
      return load<int8_t>(bytes, index);
    case GgufType::u16:
      return load<uint16_t>(bytes, index);
    case GgufType::i16:
      return load<int16_t>(bytes, index);
    case GgufType::u32:
      return load<uint32_t>(bytes, index);
    case GgufType::i32:
      return load<int32_t>(bytes, index);
    case GgufType::i64:
      return load<int64_t>(bytes, index);
    case GgufType::u64: {
      const uint64_t value = load<uint64_t>(bytes, index);
      return value <= INT64_MAX ? std::optional(static_cast<int64_t>(value)) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

// Walks the header; every take() is checked against the end of the file.
class Cursor {
 public:
  Cursor(const std::string& path, std::string_view file) : path_(path), file_(file) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw data_error(fmt::format("{}: {}: {}", path_, place, what),
                     "the file is damaged or no GGUF file: copy or make it again");
  }
  std::string_view take(uint64_t size) {
    if (size > left()) {
      throw data_error(fmt::format("{}: {}: truncated at byte {} ({} more bytes are due at byte {})", path_,
                                   place, file_.size(), size, at_),
                       "copy or make the file again");
    }
    const std::string_view bytes = file_.substr(at_, size);
    at_ += size;
    return bytes;
  }
  template <class T>
  T number() {
    return load<T>(take(sizeof(T)));
  }
  std::string_view string(uint64_t limit, const char* what) {
    const uint64_t size = number<uint64_t>();
    if (size > limit) fail(fmt::format("{} of {} bytes (at most {} are allowed)", what, size, limit));
    return take(size);
  }
  // `count` things of at least `each` bytes are still to come.
  void expect(uint64_t count, uint64_t each, const char* what) {
    if (count > left() / each)
      fail(fmt::format("{} {}, more than the {} bytes that are left can hold", count, what, left()));
  }
  GgufType type() {
    const uint32_t type = number<uint32_t>();
    if (type >= kSizes.size()) fail(fmt::format("unknown value type {}", type));
    return static_cast<GgufType>(type);
  }
  GgufValue value() {
    GgufValue v;
    v.type = type();
    if (v.type == GgufType::array) {
      v.element = type();
      v.count = number<uint64_t>();
      if (v.element == GgufType::array) fail("an array of arrays");
      if (v.element != GgufType::string) {
        expect(v.count, size_of(v.element), "elements");
        v.bytes = take(v.count * size_of(v.element));
      } else {
        expect(v.count, 8, "strings");
        const uint64_t begin = at_;
        for (uint64_t i = 0; i < v.count; ++i) string(UINT64_MAX, "a string");
        v.bytes = file_.substr(begin, at_ - begin);
      }
    } else if (v.type == GgufType::string) {
      v.bytes = string(UINT64_MAX, "a string");
    } else {
      v.bytes = take(size_of(v.type));
    }
    return v;
  }
  uint64_t at() const { return at_; }
  uint64_t left() const { return file_.size() - at_; }

  std::string place = "header";

 private:
  const std::string& path_;
  std::string_view file_;
  uint64_t at_ = 0;
};

GgufTensor read_tensor(Cursor& in) {
  GgufTensor t;
  t.name = std::string(in.string(kMaxName, "a name"));
  in.place = "tensor " + t.name;
  const uint32_t dimensions = in.number<uint32_t>();
  if (dimensions > kMaxDimensions)
    in.fail(fmt::format("{} dimensions (at most {})", dimensions, kMaxDimensions));
  uint64_t elements = 1;
  for (uint32_t i = 0; i < dimensions; ++i) {
    const uint64_t d = in.number<uint64_t>();
    if (d > INT64_MAX || __builtin_mul_overflow(elements, d, &elements) || elements > INT64_MAX)
      in.fail(fmt::format("impossible dimension {}", d));
    t.shape.insert(t.shape.begin(), static_cast<int64_t>(d));
  }
  const uint32_t type = in.number<uint32_t>();
  t.type = find_ggml_type(type);
  if (!t.type) in.fail(fmt::format("unknown number type {}", type));
  const uint64_t row = t.shape.empty() ? 1 : static_cast<uint64_t>(t.shape.back());
  const auto bytes = ggml_bytes(*t.type, elements);
  if (row % t.type->block != 0 || !bytes)
    in.fail(fmt::format("rows of {} numbers in {}, whose blocks have {}", row, t.type->name, t.type->block));
  t.bytes = *bytes;
  t.offset = in.number<uint64_t>();
  return t;
}

// Aligned, inside the file, without overlap.
void check_layout(Cursor& in, const std::vector<GgufTensor>& tensors, uint64_t alignment,
                  uint64_t data_size) {
  std::vector<const GgufTensor*> order;
  for (const GgufTensor& t : tensors) order.push_back(&t);
  std::stable_sort(order.begin(), order.end(),
                   [](const GgufTensor* a, const GgufTensor* b) { return a->offset < b->offset; });
  uint64_t end = 0;
  for (const GgufTensor* t : order) {
    in.place = "tensor " + t->name;
    if (t->offset % alignment != 0)
      in.fail(fmt::format("begins at byte {}, no multiple of {}", t->offset, alignment));
    if (t->offset > data_size || t->bytes > data_size - t->offset)
      in.fail(fmt::format("{} bytes from byte {} on, but there are {} bytes of data", t->bytes, t->offset,
                          data_size));
    if (t->offset < end) in.fail(fmt::format("begins at byte {}, inside the tensor before it", t->offset));
    end = t->offset + t->bytes;
  }
}

template <class Value>
void append(std::string& out, Value value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(Value));
}

uint64_t decl_bytes(const GgufDecl& t) {
  uint64_t elements = 1;
  for (const int64_t d : t.shape) elements *= static_cast<uint64_t>(d);
  const GgmlTypeInfo& type = ggml_type_info(t.type);
  const auto bytes = ggml_bytes(type, elements);
  const bool whole = t.shape.empty() || static_cast<uint64_t>(t.shape.back()) % type.block == 0;
  if (!bytes || !whole || t.shape.size() > kMaxDimensions || t.name.size() >= kMaxName)
    throw internal_error(fmt::format("gguf: tensor {} cannot be declared so", t.name));
  return *bytes;
}

std::string header_of(const GgufMetadata& metadata, const std::vector<GgufDecl>& tensors) {
  std::string out(kMagic);
  append<uint32_t>(out, 3);
  append<uint64_t>(out, tensors.size());
  append<uint64_t>(out, metadata.count());
  out += metadata.bytes();
  uint64_t offset = 0;
  for (const GgufDecl& t : tensors) {
    append<uint64_t>(out, t.name.size());
    out += t.name;
    append<uint32_t>(out, static_cast<uint32_t>(t.shape.size()));
    for (size_t i = t.shape.size(); i > 0; --i) append<uint64_t>(out, static_cast<uint64_t>(t.shape[i - 1]));
    append<uint32_t>(out, static_cast<uint32_t>(t.type));
    append<uint64_t>(out, offset);
    offset += padded(decl_bytes(t), kAlignment);
  }
  out.resize(padded(out.size(), kAlignment), '\0');
  return out;
}

}  // namespace

std::string_view gguf_type_name(GgufType type) { return kNames[static_cast<size_t>(type)]; }

std::optional<int64_t> GgufValue::integer() const { return integer_at(type, bytes, 0); }
std::optional<int64_t> GgufValue::integer(uint64_t i) const {
  return type == GgufType::array && i < count ? integer_at(element, bytes, i) : std::nullopt;
}
std::optional<double> GgufValue::number() const {
  if (type == GgufType::f32) return load<float>(bytes);
  if (type == GgufType::f64) return load<double>(bytes);
  if (type == GgufType::u64) return static_cast<double>(load<uint64_t>(bytes));
  const auto whole = integer();
  return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
}
std::optional<std::string_view> GgufValue::text() const {
  return type == GgufType::string ? std::optional(bytes) : std::nullopt;
}
void GgufValue::for_each_text(const std::function<bool(std::string_view)>& each) const {
  if (type != GgufType::array || element != GgufType::string) return;
  for (uint64_t i = 0, at = 0; i < count; ++i) {
    const uint64_t size = load<uint64_t>(bytes.substr(at));
    if (!each(bytes.substr(at + 8, size))) return;
    at += 8 + size;
  }
}

uint64_t GgufTensor::elements() const {
  uint64_t n = 1;
  for (const int64_t d : shape) n *= static_cast<uint64_t>(d);
  return n;
}

GgufFile::GgufFile(const std::string& path) : map_(path) {
  Cursor in(map_.path(), map_.view());
  if (in.left() < 4 || in.take(4) != kMagic)
    throw data_error(path + ": does not begin with \"GGUF\"", "is it a GGUF file?");
  version_ = in.number<uint32_t>();
  if (version_ != 2 && version_ != 3) {
    in.fail(version_ == 0x02000000 || version_ == 0x03000000
                ? "the file is big-endian, expected little-endian"
                : fmt::format("version {}, expected 2 or 3", version_));
  }
  const uint64_t tensors = in.number<uint64_t>(), keys = in.number<uint64_t>();
  in.expect(keys, 8 + 4 + 1, "keys");
  metadata_.reserve(keys);
  for (uint64_t i = 0; i < keys; ++i) {
    in.place = fmt::format("key {} of {}", i + 1, keys);
    const std::string key(in.string(kMaxKey, "a key"));
    in.place = "key " + key;
    metadata_.emplace_back(key, in.value());
  }
  in.place = "header";
  in.expect(tensors, 8 + 4 + 4 + 8, "tensors");
  tensors_.reserve(tensors);
  for (uint64_t i = 0; i < tensors; ++i) {
    in.place = fmt::format("tensor {} of {}", i + 1, tensors);
    tensors_.push_back(read_tensor(in));
  }
  for (size_t i = 0; i < metadata_.size(); ++i) {
    in.place = "key " + metadata_[i].first;
    if (!keys_.emplace(metadata_[i].first, i).second) in.fail("appears twice");
  }
  for (size_t i = 0; i < tensors_.size(); ++i) {
    in.place = "tensor " + tensors_[i].name;
    if (!names_.emplace(tensors_[i].name, i).second) in.fail("appears twice");
  }
  uint64_t alignment = kAlignment;
  if (const GgufValue* v = find(kAlignmentKey)) {
    in.place = std::string("key ") + std::string(kAlignmentKey);
    const auto n = v->integer();
    if (v->type != GgufType::u32 || !n || *n < 1 || (*n & (*n - 1)) != 0)
      in.fail("expected a power of two as u32");
    alignment = static_cast<uint64_t>(*n);
  }
  // Without tensors the padding may be missing.
  data_ = std::min(padded(in.at(), alignment), map_.size());
  check_layout(in, tensors_, alignment, map_.size() - data_);
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto it = keys_.find(key);
  return it == keys_.end() ? nullptr : &metadata_[it->second].second;
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  const auto it = names_.find(name);
  return it == names_.end() ? nullptr : &tensors_[it->second];
}

std::string_view GgufFile::bytes(const GgufTensor& tensor) const {
  return map_.view().substr(data_ + tensor.offset, tensor.bytes);
}

std::vector<float> GgufFile::floats(const GgufTensor& tensor) const {
  if (!ggml_type_from_name(tensor.type->name)) {
    throw data_error(fmt::format("{}: tensor {}: {} where F32, F16, BF16, Q8_0 or Q4_0 is due", path(),
                                 tensor.name, tensor.type->name));
  }
  std::vector<float> out(tensor.elements());
  from_ggml(tensor.type->type, bytes(tensor), out);
  return out;
}

template <class Value>
void GgufMetadata::put(Value value) {
  append(bytes_, value);
}
void GgufMetadata::put_text(std::string_view text) {
  put<uint64_t>(text.size());
  bytes_ += text;
}
void GgufMetadata::start(std::string_view key, GgufType type) {
  put_text(key);
  put(static_cast<uint32_t>(type));
  ++count_;
}
void GgufMetadata::u32(std::string_view key, uint32_t value) {
  start(key, GgufType::u32);
  put(value);
}
void GgufMetadata::f32(std::string_view key, float value) {
  start(key, GgufType::f32);
  put(value);
}
void GgufMetadata::boolean(std::string_view key, bool value) {
  start(key, GgufType::boolean);
  put<uint8_t>(value);
}
void GgufMetadata::text(std::string_view key, std::string_view value) {
  start(key, GgufType::string);
  put_text(value);
}
void GgufMetadata::texts(std::string_view key, std::span<const std::string> values) {
  start(key, GgufType::array);
  put(static_cast<uint32_t>(GgufType::string));
  put<uint64_t>(values.size());
  for (const std::string& v : values) put_text(v);
}
void GgufMetadata::i32s(std::string_view key, std::span<const int32_t> values) {
  start(key, GgufType::array);
  put(static_cast<uint32_t>(GgufType::i32));
  put<uint64_t>(values.size());
  for (const int32_t v : values) put(v);
}

uint64_t GgufWriter::planned_size(const GgufMetadata& metadata, const std::vector<GgufDecl>& tensors) {
  uint64_t size = header_of(metadata, tensors).size();
  for (const GgufDecl& t : tensors) size += padded(decl_bytes(t), kAlignment);
  return size;
}

GgufWriter::GgufWriter(const std::string& path, const GgufMetadata& metadata,
                       const std::vector<GgufDecl>& tensors)
    : file_(path) {
  const std::string header = header_of(metadata, tensors);
  file_size_ = header.size();
  for (const GgufDecl& t : tensors) {
    sizes_.push_back(decl_bytes(t));
    file_size_ += padded(sizes_.back(), kAlignment);
  }
  file_.write(header);
  end_tensor();
}

// Goes on to the next tensor that has bytes when the current one has all of its own.
void GgufWriter::end_tensor() {
  while (next_ < sizes_.size() && written_ == sizes_[next_]) {
    file_.write(std::string(padded(written_, kAlignment) - written_, '\0'));
    written_ = 0;
    ++next_;
  }
}

void GgufWriter::write(std::string_view bytes) {
  if (next_ == sizes_.size() || bytes.size() > sizes_[next_] - written_)
    throw internal_error(file_.path() + ": more tensor bytes than were declared");
  file_.write(bytes);
  written_ += bytes.size();
  end_tensor();
}

FileDigest GgufWriter::commit() {
  if (next_ != sizes_.size())
    throw internal_error(
        fmt::format("{}: {} of {} tensors were written", file_.path(), next_, sizes_.size()));
  return file_.commit();
}

}  // namespace ds::formats
