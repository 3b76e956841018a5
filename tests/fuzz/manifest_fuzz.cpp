// manifest.json: what is accepted is written as something that is accepted and means the same.
#include "formats/manifest.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  const ds::formats::Manifest first = ds::formats::parse_manifest(std::string(input), "input");
  if (!first.same_work(ds::formats::parse_manifest(first.text(), "again"))) __builtin_trap();
}
