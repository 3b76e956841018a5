// A GGUF file: whatever opens can be read, every value and every tensor.
#include "formats/gguf.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  const ds::formats::GgufFile file(file_of(input, ".gguf"));
  uint64_t sum = 0;
  for (const auto& tensor : file.tensors()) {
    for (const char c : file.bytes(tensor)) sum += static_cast<unsigned char>(c);
    if (ds::formats::ggml_type_from_name(tensor.type->name)) sum += file.floats(tensor).size();
  }
  for (const auto& [key, value] : file.metadata()) {
    sum += static_cast<uint64_t>(value.integer().value_or(0)) + value.text().value_or("").size();
    for (uint64_t i = 0; i < value.count && i < 64; ++i)
      sum += static_cast<uint64_t>(value.integer(i).value_or(0));
    value.for_each_text([&](std::string_view text) {
      sum += text.size();
      return true;
    });
  }
  if (sum == 0x7fffffff) __builtin_trap();  // keeps the loops
}
