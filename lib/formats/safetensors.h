// safetensors: named tensors in one file that is read by mapping it.
//
// Layout: u64 little-endian N, N bytes of JSON (the header), then raw row-major little-endian data without
// holes.
//   header = {"__metadata__":{"format":"pt"},
//   "name":{"dtype":"F32","shape":[2,3],"data_offsets":[begin,end]}, …}
// Opening a file checks everything that the header claims against the file, so that what a TensorInfo says is
// true; every contradiction is a data error that names file and tensor. The writer is byte-identical to the
// reference implementation: tensors sorted by dtype (widest first), then name; header padded with spaces to a
// multiple of 8.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/atomic_file.h"
#include "base/hash.h"
#include "base/mmap.h"

namespace ds::formats {

// All dtypes of the format, in the reference implementation's order (the writer sorts by it, descending).
enum class DType : uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

std::string_view dtype_name(DType dtype);                     // "BF16", as in the file
std::optional<DType> dtype_from_name(std::string_view name);  // nullopt when the format has no such dtype
int dtype_bits(DType dtype);                                  // bits of one element: 4, 6, 8, 16, 32 or 64

// Bytes that `shape` takes; nullopt when a dimension is negative, the product overflows or the bits are no
// whole bytes.
std::optional<uint64_t> tensor_bytes(DType dtype, const std::vector<int64_t>& shape);

struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;   // empty: a scalar; a 0 in it: no elements
  uint64_t begin = 0, end = 0;  // bytes, from the end of the header
  uint64_t elements() const;
  uint64_t bytes() const { return end - begin; }
};

// An open file. Tensor bytes point into the mapping and live as long as this object (which moves without
// moving them). In files of other writers they may be unaligned: memcpy, or check the address.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);  // throws io, data

  const std::string& path() const { return map_.path(); }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // in file order
  const TensorInfo* find(std::string_view name) const;                 // nullptr when there is none
  const TensorInfo& at(std::string_view name) const;                   // throws data, naming file and tensor
  std::string_view bytes(const TensorInfo& tensor) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  // Copies, converted: F64 F32 F16 BF16 to float; I64 I32 I16 I8 U8 U16 U32 BOOL to int64. Other dtypes throw
  // data.
  std::vector<float> floats(const TensorInfo& tensor) const;
  std::vector<int64_t> integers(const TensorInfo& tensor) const;

 private:
  MappedFile map_;
  uint64_t data_ = 0;  // where the data begins in the file
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string, size_t> index_;
  std::map<std::string, std::string> metadata_;
};

// Tensors by name as someone asks for them; the bytes must stay valid until the next call.
using TensorSource = std::function<std::string_view(const TensorInfo&)>;

struct TensorDecl {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
};

// Declares all tensors, then streams their bytes in file order. The file appears at commit() (see AtomicFile;
// inside an AtomicFolder too). Wrong order or wrong length is an internal error: the caller's bug.
class SafetensorsWriter {
 public:
  SafetensorsWriter(const std::string& path, std::vector<TensorDecl> tensors,
                    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

  const std::vector<TensorInfo>& order() const { return order_; }  // what to write, in this order
  void write(std::string_view bytes);                         // the next bytes; a tensor may come in pieces
  void write(std::string_view name, std::string_view bytes);  // the whole next tensor, which must be `name`
  uint64_t size() const { return header_bytes_ + total_; }    // of the whole file
  FileDigest commit();                                        // throws internal unless every byte has come

 private:
  std::vector<TensorInfo> order_;
  uint64_t header_bytes_ = 0, total_ = 0, written_ = 0;
  size_t next_ = 0;  // the tensor that is being written
  AtomicFile file_;
};

// All at once.
FileDigest write_safetensors(const std::string& path, std::vector<TensorDecl> tensors,
                             const TensorSource& source,
                             const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

// Conversions of single numbers, for readers without torch.
float bf16_to_float(uint16_t bits);
uint16_t float_to_bf16(float value);  // round to nearest even; NaN stays NaN
float f16_to_float(uint16_t bits);
uint16_t float_to_f16(float value);  // round to nearest even; beyond the range infinity; NaN stays NaN

}  // namespace ds::formats
