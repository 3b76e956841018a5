// tokenizer.json: what is accepted can encode, and decode what it encoded.
#include "formats/tokenizer_json.h"
#include "fuzz.h"
#include "tokenizer/tokenizer.h"

void fuzz(std::string_view input) {
  const ds::tokenizer::Tokenizer tokenizer(ds::formats::parse_tokenizer_json(input, "input"));
  tokenizer.decode(tokenizer.encode("The river, 12 kettles and 一座桥.\n"));
}
