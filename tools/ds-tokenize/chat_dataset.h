// Conversations as training data: what ds-tokenize encode would write of their text, but that a marker which
// somebody wrote into a message stays text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ds-tokenize/encode_work.h"
#include "formats/manifest.h"
#include "formats/token_dataset.h"
#include "tokenizer/chat.h"
#include "tokenizer/convert.h"

namespace ds::tokenize {

// Appends the tokens of one conversation: with `masks` a byte for each, 1 where the assistant speaks. `eos`
// is put behind it unless it is the last token already; ending an answer is learned with the answer. Throws
// data.
void add_conversation(const tokenizer::Tokenizer& tok, const tokenizer::Rendered& r,
                      std::optional<uint32_t> eos, bool masks, Encoded& e);

// The files that a dataset consists of.
std::vector<std::string> dataset_files(const std::string& prefix);

class ChatDataset {
 public:
  ChatDataset(const std::string& prefix, const tokenizer::OpenedTokenizer& opened, bool masks);
  void take(const Encoded& e);
  // Completes the manifest and writes it last.
  void commit(formats::Manifest& manifest, uint64_t documents, uint64_t tokens, std::optional<uint32_t> eos);

 private:
  std::string prefix_;
  const tokenizer::OpenedTokenizer& opened_;
  formats::DatasetExtras extras_;
  formats::TokenType type_;
  formats::TokenDatasetWriter writer_;
};

}  // namespace ds::tokenize
