// What both outputs of ds-tokenize encode share: the loop over documents, where it stands, and what is said
// of it.
//
// Documents are encoded by all threads and arrive in order. Between two batches the whole state of a run is
// how many documents of each input are done and how far the output's parts reach: that is what a checkpoint
// says (encode_checkpoint.h), and what an older set can give in place of encoding (encode_reuse.h).
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ds-tokenize/commands.h"
#include "ds-tokenize/documents.h"
#include "ds-tokenize/options.h"
#include "formats/manifest.h"
#include "tokenizer/convert.h"

namespace ds::tokenize {

// Documents of one input, encoded.
struct Encoded {
  std::vector<uint32_t> ids;   // of all documents
  std::vector<uint8_t> mask;   // side by side with ids, or empty
  std::vector<uint64_t> ends;  // where each document ends in ids
  std::string lines;           // a line for each document, or nothing
  uint64_t bytes = 0, documents = 0;
};

// What has become of one input.
struct Source {
  std::string name;
  uint64_t documents = 0, bytes = 0, tokens = 0;
  FileDigest digest;  // empty until it is done
};

// The first documents of an input, as they lie in an older set.
struct Reuse {
  uint64_t first = 0;  // their place in the set
  uint64_t documents = 0, bytes = 0, tokens = 0;
  std::optional<FileDigest> whole;  // they are all that the input has
};

// Where ids go, in order. Between two calls it stands between two documents, but for take_part().
class EncodeOutput {
 public:
  virtual ~EncodeOutput() = default;
  virtual void take(const Encoded& e) = 0;
  // The first ids of a document whose others come with the next take(); false: keeps nothing of it, all come
  // then.
  virtual bool take_part(std::span<const uint32_t>) { return false; }
  virtual void take_over(const Reuse&) {}
  // See PartFile: sync() says what restore() of a later process needs.
  virtual nlohmann::json sync() = 0;
  virtual bool restore(const nlohmann::json& place) = 0;  // null: from the start
  virtual void keep() = 0;
};

struct EncodeJob {
  cli::Context& ctx;
  const EncodeCommand& options;
  Documents& documents;
  const tokenizer::OpenedTokenizer& opened;
  formats::ManifestInput tokenizer_input;
  std::string tokenizer_sha256;   // of the tokenizer.json that lies beside the data
  formats::Manifest manifest;     // without inputs
  std::string checkpoint;         // its path; empty: none is written
  std::string plan;               // what must be equal for a later process to go on
  std::vector<Reuse> reuse = {};  // for each input, or empty
  const tokenizer::Tokenizer& tokenizer() const { return opened.tokenizer; }
};

// How documents become ids.
struct EncodeHow {
  // The ids of the text with these round them: short documents are encoded together, large ones in parts.
  std::vector<uint32_t> before, behind;
  // What else there is to say of a document, given all its ids; appends. None: nothing.
  std::function<void(const formats::Document&, std::span<const uint32_t> ids, std::string& lines)> line;
  // In place of all that: appends the ids (and mask, and line) of one document. Runs on any thread.
  std::function<void(tokenizer::Encoder&, formats::Document&, Encoded&)> whole;
};

// Everything there is to encode into `output`. nullopt: stopped by a signal, and the state is kept.
std::optional<std::vector<Source>> encode_all(EncodeJob& job, const EncodeHow& how, EncodeOutput& output);

nlohmann::json facts_of(const std::vector<Source>& sources, const EncodeJob& job);
// Says what was made and returns.
int report(EncodeJob& job, const std::string& output);

int encode_jsonl(EncodeJob& job);                               // encode_jsonl.cpp
int encode_dataset(EncodeJob& job, const std::string& prefix);  // encode_dataset.cpp

}  // namespace ds::tokenize
