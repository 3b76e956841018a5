// GGUF: one file with metadata and tensors, as llama.cpp reads it. Little-endian.
//
//   "GGUF"  u32 version = 3  u64 tensors  u64 keys
//   a key:     string name, u32 type, value           string = u64 bytes, then UTF-8 without a NUL
//   a tensor:  string name, u32 n, u64 dims[n] (innermost first: a torch shape reversed), u32 ggml type, u64
//   offset zeros up to a multiple of the alignment (general.alignment, else 32), then the data; each tensor
//   starts at a multiple of the alignment, offsets count from the start of the data.
//
// Opening a file checks everything that it claims against its size, so that what a GgufTensor or a GgufValue
// says is true; every contradiction is a data error that names the file and the place. Values are views into
// the mapping: nothing is allocated for what a count merely claims. Arrays of arrays are refused (ggml does
// so too).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/atomic_file.h"
#include "base/mmap.h"
#include "formats/ggml_blocks.h"

namespace ds::formats {

enum class GgufType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };
std::string_view gguf_type_name(GgufType type);  // "u32"

// A value of the metadata.
struct GgufValue {
  GgufType type = GgufType::u8;
  GgufType element = GgufType::u8;  // of an array
  uint64_t count = 1;               // elements of an array
  std::string_view bytes;           // of the number, of the text, or of the elements as they lie

  std::optional<int64_t> integer() const;            // of any whole number that fits
  std::optional<double> number() const;              // of any number
  std::optional<std::string_view> text() const;      // of a string
  std::optional<int64_t> integer(uint64_t i) const;  // element i of an array of whole numbers; O(1)
  // Strings of an array, one after the other; ends early when `each` returns false. Nothing for other values.
  void for_each_text(const std::function<bool(std::string_view)>& each) const;
};

struct GgufTensor {
  std::string name;
  std::vector<int64_t> shape;  // in torch order: a matrix is [out, in]
  const GgmlTypeInfo* type = nullptr;
  uint64_t offset = 0, bytes = 0;  // in the data
  uint64_t elements() const;
};

class GgufFile {
 public:
  explicit GgufFile(const std::string& path);  // throws io, data

  const std::string& path() const { return map_.path(); }
  uint32_t version() const { return version_; }
  uint64_t size() const { return map_.size(); }
  const std::vector<std::pair<std::string, GgufValue>>& metadata() const {
    return metadata_;
  }  // in file order
  const GgufValue* find(std::string_view key) const;                   // or nullptr
  const std::vector<GgufTensor>& tensors() const { return tensors_; }  // in file order
  const GgufTensor* find_tensor(std::string_view name) const;          // or nullptr
  std::string_view bytes(const GgufTensor& tensor) const;
  // A tensor of the five types that ds-tools writes, as fp32; data error for others.
  std::vector<float> floats(const GgufTensor& tensor) const;

 private:
  MappedFile map_;
  uint32_t version_ = 3;
  uint64_t data_ = 0;  // where the data begins in the file
  std::vector<std::pair<std::string, GgufValue>> metadata_;
  std::vector<GgufTensor> tensors_;
  std::unordered_map<std::string_view, size_t> keys_, names_;  // views into the two lists
};

// Metadata to be written, in the order of the calls.
class GgufMetadata {
 public:
  void u32(std::string_view key, uint32_t value);
  void f32(std::string_view key, float value);
  void boolean(std::string_view key, bool value);
  void text(std::string_view key, std::string_view value);
  void texts(std::string_view key, std::span<const std::string> values);
  void i32s(std::string_view key, std::span<const int32_t> values);

  uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }

 private:
  void start(std::string_view key, GgufType type);
  template <class Value>
  void put(Value value);
  void put_text(std::string_view text);
  std::string bytes_;
  uint64_t count_ = 0;
};

struct GgufDecl {
  std::string name;            // at most 63 bytes, what ggml holds
  std::vector<int64_t> shape;  // in torch order, at most four dimensions; whole blocks in the last
  GgmlType type = GgmlType::f32;
};

// Writes the header at once, then the tensors' bytes as they come, in the order declared. The file appears at
// commit(). Wrong order or length is an internal error: the caller's bug.
class GgufWriter {
 public:
  GgufWriter(const std::string& path, const GgufMetadata& metadata, const std::vector<GgufDecl>& tensors);

  void write(std::string_view bytes);           // the next bytes; a tensor may come in pieces, not two in one
  uint64_t size() const { return file_size_; }  // of the whole file
  void prepare() { file_.prepare(); }
  FileDigest commit();  // throws internal unless every byte has come

  // Size of the file that the constructor would begin.
  static uint64_t planned_size(const GgufMetadata& metadata, const std::vector<GgufDecl>& tensors);

 private:
  void end_tensor();
  std::vector<uint64_t> sizes_;
  size_t next_ = 0;       // the tensor that is being written
  uint64_t written_ = 0;  // of it
  uint64_t file_size_ = 0;
  AtomicFile file_;
};

}  // namespace ds::formats
