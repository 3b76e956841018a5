// Batches of encoded documents into a token dataset.
#pragma once

#include <span>
#include <string_view>

#include "ds-tokenize/encode_work.h"
#include "formats/token_dataset.h"

namespace ds::tokenize {

inline void add_documents(formats::TokenDatasetWriter& writer, const formats::DatasetExtras& extras,
                          const Encoded& e) {
  writer.add_documents(e.ids, e.ends, extras.mask ? std::span(e.mask) : std::span<const uint8_t>(),
                       extras.documents ? std::string_view(e.lines) : std::string_view());
}

}  // namespace ds::tokenize
