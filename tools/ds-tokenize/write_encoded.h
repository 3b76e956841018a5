// Batches of encoded documents into a token dataset.
#pragma once

#include <span>
#include <string_view>

#include "ds-tokenize/encode_work.h"
#include "formats/token_dataset.h"

namespace ds::tokenize {

inline void add_documents(formats::TokenDatasetWriter& writer, const formats::DatasetExtras& extras,
                          const Encoded& e) {
  uint64_t begin = 0;
  size_t line = 0;
  for (const uint64_t end : e.ends) {
    const size_t line_end = e.lines.find('\n', line);
    writer.add_document(
        std::span(e.ids).subspan(begin, end - begin),
        extras.mask ? std::span(e.mask).subspan(begin, end - begin) : std::span<const uint8_t>(),
        extras.documents ? std::string_view(e.lines).substr(line, line_end - line) : std::string_view());
    begin = end;
    line = line_end + 1;
  }
}

}  // namespace ds::tokenize
