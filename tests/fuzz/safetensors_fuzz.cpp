// A safetensors file: every tensor that opening accepts can be read.
#include "formats/safetensors.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  const ds::formats::SafetensorsFile file(file_of(input, ".safetensors"));
  unsigned sum = 0;
  for (const auto& tensor : file.tensors())
    for (const char c : file.bytes(tensor)) sum += static_cast<unsigned char>(c);
  if (sum == 0x7fffffff) __builtin_trap();  // keeps the loop
}
