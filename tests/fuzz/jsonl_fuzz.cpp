// A line of JSONL; what is accepted is written and read again as the same document.
#include "formats/jsonl.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  std::string line(input), again;
  ds::formats::FieldNames names;
  ds::formats::Document first, second;
  ds::formats::JsonProblem problem;
  if (!parse_document(line, names, first, problem)) return;
  append_document(again, first);
  again.pop_back();  // the newline
  if (!parse_document(again, names, second, problem) || first.text != second.text || first.id != second.id)
    __builtin_trap();
}
