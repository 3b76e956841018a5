// What a finished set at the output gives in place of encoding: the documents of inputs that are the same
// files, and of files of lines that have only grown, those in front.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ds-tokenize/encode_work.h"
#include "formats/token_dataset.h"

namespace ds::tokenize {

class OldSet {
 public:
  // nullopt: no set, or not of this tokenizer, these options and these files beside it.
  static std::optional<OldSet> open(const std::string& prefix, const EncodeJob& job, formats::TokenType type,
                                    formats::DatasetExtras extras);
  // For each input what the set has of it; empty when that is nothing, or the set's files are not as they
  // were made. Reads the inputs in question, and the set, for their digests.
  std::vector<Reuse> plan(const EncodeJob& job) const;
  void copy(const Reuse& reuse, formats::TokenDatasetWriter& out) const;

 private:
  Reuse find(const EncodeJob& job, size_t input) const;

  std::unique_ptr<formats::TokenDataset> data_;
  std::optional<formats::DocumentLines> lines_;
  std::vector<Source> sources_;
};

}  // namespace ds::tokenize
