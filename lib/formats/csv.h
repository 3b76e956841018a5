// CSV and TSV after RFC 4180: fields in quotes may hold separators, line ends and doubled quotes; the first
// record names the columns. Splitting into records is apart from splitting a record into fields, so that the
// latter can be done in parallel. A quote counts only at the beginning of a field; elsewhere it is text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/byte_source.h"

namespace ds::formats {

// Records of a ByteSource, without the line end that closes them. Empty lines are skipped. Throws data for a
// quote that is never closed and for a record over `limit` bytes.
class CsvReader {
 public:
  CsvReader(ByteSource& source, char separator, uint64_t limit = uint64_t{1} << 30);
  ~CsvReader();
  bool next(std::string& record);  // false at the end
  uint64_t line_number() const;    // where the last record begins, from 1

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// False, with `problem` filled, when something follows a closing quote or the last quote is not closed.
bool parse_csv_record(std::string_view record, char separator, std::vector<std::string>& fields,
                      std::string& problem);

}  // namespace ds::formats
