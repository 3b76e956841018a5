// What ds-tokenize verify compares with: ids that were stored, found by document id or taken in order.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "formats/byte_source.h"
#include "formats/jsonl.h"

namespace ds::tokenize {

// Lines {"id":…,"ids":[…]} of one file, each given out once. Lines with ids may lie in another order than the
// documents: those that were passed over are kept until they are asked for, up to `memory` bytes.
class References {
 public:
  References(const std::string& path, uint64_t memory);  // throws io

  struct Line {
    uint64_t number = 0;  // from 1; 0: none
    std::string text;
  };
  // The line of the document; when lines have no ids the next one. Throws data when a line is damaged, when
  // too much would have to be kept. Line 0: there is none.
  Line take(const formats::Document& document);
  uint64_t unused();  // lines that nobody asked for; reads to the end
  const std::string& name() const { return source_.name(); }

 private:
  bool next(Line& line, std::string& id);  // false at the end; `id` as compact JSON, "" when it has none

  formats::ByteSource source_;
  formats::LineReader reader_;
  uint64_t memory_, kept_ = 0;
  std::unordered_map<std::string, std::deque<Line>> waiting_;
};

// The list "ids" of a line; ids beyond 32 bits become UINT32_MAX, which no vocabulary has. Throws data.
void parse_ids(const References::Line& line, const std::string& file, std::vector<uint32_t>& out);

}  // namespace ds::tokenize
