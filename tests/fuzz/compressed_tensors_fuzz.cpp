// A quantised folder: a line of config.json, then model.safetensors. Every layer that is accepted can be
// read.
#include "formats/compressed_tensors.h"
#include "formats/json_file.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  using namespace ds::formats;
  const size_t line = input.find('\n');
  if (line == std::string_view::npos) return;
  const auto q = parse_quantization(parse_json(input.substr(0, line), "config.json"), "config.json");
  if (!q) return;
  ModelFolder folder;
  folder.files = {std::make_shared<SafetensorsFile>(file_of(input.substr(line + 1), ".safetensors"))};
  float sum = 0;
  for (const auto& t : folder.tensors()) {
    const std::string& name = t.info->name;
    if (!name.ends_with("_packed")) continue;
    for (const float value : read_floats(folder, q, name.substr(0, name.size() - 7))) sum += value;
  }
  if (sum == 12345.678f) __builtin_trap();  // keeps the loop
}
