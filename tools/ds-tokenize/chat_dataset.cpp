#include "ds-tokenize/chat_dataset.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "ds-tokenize/write_encoded.h"

namespace ds::tokenize {

void add_conversation(const tokenizer::Tokenizer& tok, const tokenizer::Rendered& r,
                      std::optional<uint32_t> eos, bool masks, Encoded& e) {
  std::vector<uint32_t> ids = tokenizer::encode_rendered(tok, r);
  std::vector<uint8_t> mask;
  if (masks) {
    mask.assign(ids.size(), 0);
    for (const tokenizer::IndexRange& range : tokenizer::generated_tokens(tok, r, ids))
      std::fill(mask.begin() + static_cast<ptrdiff_t>(range.begin),
                mask.begin() + static_cast<ptrdiff_t>(range.end), uint8_t{1});
  }
  if (eos && (ids.empty() || ids.back() != *eos)) {
    ids.push_back(*eos);
    if (masks) mask.push_back(mask.empty() ? 0 : mask.back());
  }
  e.ids.insert(e.ids.end(), ids.begin(), ids.end());
  e.mask.insert(e.mask.end(), mask.begin(), mask.end());
  e.ends.push_back(e.ids.size());
  ++e.documents;
}

std::vector<std::string> dataset_files(const std::string& prefix) {
  return {prefix + ".bin", prefix + ".idx", prefix + ".mask", prefix + ".documents.jsonl",
          prefix + ".tokenizer.json"};
}

ChatDataset::ChatDataset(const std::string& prefix, const tokenizer::OpenedTokenizer& opened, bool masks)
    : prefix_(prefix),
      opened_(opened),
      extras_{.mask = masks, .documents = true},
      type_(formats::token_type_for_vocab(opened.tokenizer.vocab_size())),
      writer_(prefix, type_, extras_) {}

void ChatDataset::take(const Encoded& e) { add_documents(writer_, extras_, e); }

void ChatDataset::commit(formats::Manifest& manifest, uint64_t documents, uint64_t tokens,
                         std::optional<uint32_t> eos) {
  // The tokenizer travels with its data: ds-train puts it into the model folder.
  const std::string copy = prefix_ + ".tokenizer.json";
  AtomicFile copied(copy);
  copied.write(opened_.converted ? *opened_.converted : read_file(opened_.path));
  copied.prepare();
  formats::remove_manifest(prefix_);
  const FileDigest digest = copied.commit();
  manifest.facts = {{"documents", documents},
                    {"tokens", tokens},
                    {"vocab_size", opened_.tokenizer.vocab_size()},
                    {"tokenizer_sha256", digest.sha256},
                    {"dtype", formats::token_type_name(type_)},
                    {"appended_eos", eos.has_value()}};
  if (const auto id = opened_.tokenizer.eos_id()) manifest.facts["eos_id"] = *id;
  manifest.outputs = writer_.commit();
  manifest.outputs.push_back({base_name(copy), digest});
  formats::write_manifest(prefix_, manifest);
}

}  // namespace ds::tokenize
