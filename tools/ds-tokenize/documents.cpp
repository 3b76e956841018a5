#include "ds-tokenize/documents.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/io.h"
#include "base/utf8.h"

namespace ds::tokenize {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 18;
constexpr size_t kLargeRecord = size_t{1} << 20;

}  // namespace

bool is_stream(const std::string& path) {
  struct stat st{};
  return path == "-" || (::stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

Error no_documents(const std::vector<std::string>& inputs) {
  const std::string name = inputs.size() > 1  ? fmt::format("{} inputs", inputs.size())
                           : inputs[0] == "-" ? "<stdin>"
                                              : inputs[0];
  return data_error(name + ": no documents: the input is empty");
}

void Batch::for_each(const std::function<void(formats::Document&)>& use) {
  formats::Document document;
  std::string problem;
  for (size_t i = 0; i < block.records.size(); ++i) {
    // A large text is not in memory twice.
    formats::Buffer* const holder = block.records[i].size >= kLargeRecord ? &block.bytes : nullptr;
    if (!block.parser->parse(block.record(i), document, problem, nullptr, holder)) {
      throw data_error(formats::record_place(*input, block.records[i].line) + ": " + problem,
                       "ds-clean takes damaged records out");
    }
    if (document.id.empty()) {
      document.id = fmt::format("{}:{}", input->name, block.first_number + i);
      document.id_json.clear();
    }
    repair_utf8(document.id);
    repair_utf8(document.id_json);
    use(document);
  }
}

size_t Batch::largest() const {
  size_t most = 0;
  for (const formats::RecordBlock::Record& r : block.records) most = std::max(most, r.size);
  return most;
}

Documents::Documents(const InputOptions& options) : options_(options), corpus_(options.corpus()) {
  options_.inputs = formats::expand_paths(options.inputs);
  inputs_ = formats::list_corpus(options_.inputs, corpus_.format);
  skip_.resize(inputs_.size());
  digests_.resize(inputs_.size());
  for (const formats::CorpusInput& input : inputs_) {
    if (is_stream(input.path)) {
      total_ = 0;
      break;
    }
    total_ += file_size(input.path);
  }
}

bool Documents::streams() const {
  for (const std::string& path : options_.inputs) {
    if (is_stream(path)) return true;
  }
  return false;
}

bool Documents::small() const { return total_ > 0 && total_ <= kBatchBytes / 16; }

FileDigest Documents::digest(size_t input) const {
  std::optional<FileDigest>& known = digests_[input];
  if (!known) known = digest_file(inputs_[input].path);
  return *known;
}

std::vector<formats::ManifestInput> Documents::describe() const {
  std::vector<formats::ManifestInput> all;
  size_t next = 0;  // of inputs_: in the same order, but for folders several of them
  for (const std::string& path : options_.inputs) {
    if (is_folder(path)) {
      auto known = folders_.find(path);
      if (known == folders_.end())
        known = folders_.emplace(path, formats::describe_input("input", path)).first;
      all.push_back(known->second);
      next += formats::list_corpus({path}, corpus_.format).size();
      continue;
    }
    const size_t at = next++;
    if (!inputs_[at].stream) {
      all.push_back(formats::described_input("input", path, digest(at)));
    } else if (digests_[at]) {
      all.push_back({path == "-" ? "stdin" : "input", *digests_[at], nullptr});
    }
  }
  return all;
}

uint64_t Documents::raw_position() const {
  const formats::ByteSource* const at = source();
  return finished_ + (at ? at->raw_position() : 0);
}

const formats::ByteSource* Documents::source() const {
  return parts_ ? &parts_->source() : reader_ ? &reader_->source() : nullptr;
}

void Documents::skip_all(size_t input, const FileDigest& digest) {
  skip_[input] = UINT64_MAX;
  digests_[input] = digest;
}

bool Documents::next_part(Batch& batch, const formats::TextParts::Cut& cut) {
  const uint64_t before = parts_->bytes();
  if (!parts_->next(batch.block.bytes, kBatchBytes, cut)) return false;
  if (before == 0) ++records_;
  batch.part = true;
  batch.last_part = parts_->last();
  batch.part_bytes = parts_->bytes() - before;
  return true;
}

bool Documents::next(Batch& batch, const Run& run, const formats::TextParts::Cut* cut) {
  while (!run.stop.requested()) {
    if (!source()) {
      if (next_input_ == inputs_.size()) {
        if (records_ == 0) throw no_documents(options_.inputs);
        return false;
      }
      if (skip_[next_input_] == UINT64_MAX) {
        finished_ += digests_[next_input_++]->size;
        ++records_;
        continue;
      }
      const formats::CorpusInput& input = inputs_[next_input_++];
      if (cut && input.format == formats::CorpusFormat::text && corpus_.split == formats::TextSplit::file &&
          skip_[next_input_ - 1] == 0) {
        parts_ = std::make_unique<formats::TextParts>(
            input.path, formats::SourceOptions{corpus_.threads, corpus_.hash}, corpus_.max_record);
      } else {
        reader_ = std::make_unique<formats::RecordReader>(input, corpus_);
      }
    }
    batch.index = next_input_ - 1;
    batch.input = &inputs_[batch.index];
    if (parts_ && next_part(batch, *cut)) return true;
    const uint64_t skip = skip_[batch.index];
    formats::RecordBlock& block = batch.block;
    if (reader_ && reader_->next_block(block, kBatchBytes)) {
      records_ += block.records.size();
      if (block.first_number > skip) return true;
      const uint64_t over = skip + 1 - block.first_number;
      if (over >= block.records.size()) continue;
      block.records.erase(block.records.begin(), block.records.begin() + static_cast<int64_t>(over));
      block.first_number += over;
      return true;
    }
    finished_ += source()->raw_position();
    digests_[batch.index] = source()->raw_digest();
    reader_.reset();
    parts_.reset();
  }
  return false;
}

}  // namespace ds::tokenize
