// CSV: the file is cut into records, each record into fields.
#include "formats/byte_source.h"
#include "formats/csv.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  ds::formats::ByteSource source(file_of(input, ".csv"));
  ds::formats::CsvReader reader(source, ',', 1 << 20);
  std::string record, problem;
  std::vector<std::string> fields;
  while (reader.next(record)) ds::formats::parse_csv_record(record, ',', fields, problem);
}
