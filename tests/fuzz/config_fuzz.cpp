// config.json of a model.
#include "arch/config.h"
#include "formats/json_file.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  ds::arch::parse_config(ds::formats::parse_json(input, "input"), "input");
}
