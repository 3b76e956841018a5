// Cutting a stream of bytes into records where they lie. A cutter is handed all bytes from the first record
// not yet cut; it lists the records that are complete and says how many bytes it is done with. What is left
// it sees again, with more behind it. So it never copies, and its state is little more than a line number.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/corpus.h"

namespace ds::formats {

class Cutter {
 public:
  using Records = std::vector<RecordBlock::Record>;
  virtual ~Cutter() = default;
  // The records in [data, data + size), `begin` counted from data, and the number of bytes done with: all of
  // them when `at_end`, which means that nothing follows. May change the bytes of records. Throws data, but
  // only when there are no records to return before the damage: else it stops there and throws when called
  // next.
  virtual size_t cut(char* data, size_t size, bool at_end, Records& records) = 0;
};

struct CutterOptions {
  std::string name;    // of the source, for messages
  uint64_t limit = 0;  // bytes of a record
};

std::unique_ptr<Cutter> line_cutter(CutterOptions o);       // blank lines are left out
std::unique_ptr<Cutter> paragraph_cutter(CutterOptions o);  // lines up to a blank one
std::unique_ptr<Cutter> file_cutter(CutterOptions o);       // the whole; refuses UTF-16
std::unique_ptr<Cutter> page_cutter(CutterOptions o);       // the whole, in any charset

// What a text file is refused for.
void check_text_size(const std::string& name, uint64_t size, uint64_t limit);  // throws data
void check_not_utf16(const std::string& name, std::string_view head);          // throws data

inline bool is_blank(std::string_view s) { return s.find_first_not_of(" \t\r\n\f\v") == s.npos; }
inline size_t bom_size(std::string_view s) { return s.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

}  // namespace ds::formats
