// A Megatron pair: the input's first half is the index, the second the tokens.
#include "formats/token_dataset.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  const size_t half = input.size() / 2;
  file_of(input.substr(half), ".bin");
  const ds::formats::TokenDataset data(file_of(input.substr(0, half), ".idx"));
  for (uint64_t d = 0; d < data.documents(); ++d) data.document(d);
}
