// See encode_reuse.h.
#include "ds-tokenize/encode_reuse.h"

#include <algorithm>

#include "base/error.h"
#include "base/io.h"
#include "ds-tokenize/encode_checkpoint.h"
#include "formats/byte_source.h"

namespace ds::tokenize {
namespace {

// The file begins with these bytes, which end a line.
bool begins_with(const std::string& path, const FileDigest& known) {
  const Fd fd = open_read(path);
  Sha256 hash;
  std::string buffer(size_t{1} << 20, '\0');
  char last = '\0';
  for (uint64_t at = 0; at < known.size;) {
    const size_t n = static_cast<size_t>(std::min<uint64_t>(buffer.size(), known.size - at));
    read_exact_at(fd.get(), at, buffer.data(), n, path);
    hash.update({buffer.data(), n});
    last = buffer[n - 1];
    at += n;
  }
  return last == '\n' && hash.hex() == known.sha256;
}

// A record of the input is a line, whatever follows it.
bool has_lines(const formats::CorpusInput& input, formats::CorpusOptions options) {
  if (formats::is_packed(input.path)) return false;
  options.hash = false;
  const formats::CorpusFormat format = formats::RecordReader(input, options).parser()->format;
  return format == formats::CorpusFormat::jsonl ||
         (format == formats::CorpusFormat::text && options.split == formats::TextSplit::line);
}

// A manifest's outputs are there, to the last byte.
bool as_made(const std::string& prefix, const formats::Manifest& manifest) {
  for (const formats::ManifestOutput& output : manifest.outputs) {
    const std::string path = join_path(folder_of(prefix), output.name);
    if (!exists(path) || digest_file(path) != output.digest) return false;
  }
  return true;
}

}  // namespace

std::optional<OldSet> OldSet::open(const std::string& prefix, const EncodeJob& job, formats::TokenType type,
                                   formats::DatasetExtras extras) {
  try {
    if (!exists(formats::manifest_path(prefix))) return std::nullopt;
    OldSet old;
    old.data_ = std::make_unique<formats::TokenDataset>(prefix);
    const formats::Manifest& found = *old.data_->manifest();
    formats::Manifest same = job.manifest;
    same.inputs = found.inputs;
    if (!found.same_work(same) || found.facts.at("tokenizer_sha256") != job.tokenizer_sha256 ||
        old.data_->type() != type || (old.data_->mask() != nullptr) != extras.mask) {
      return std::nullopt;
    }
    old.lines_ = formats::DocumentLines::open(*old.data_);
    old.sources_ = sources_from(found.facts.at("sources"));
    uint64_t documents = 0, tokens = 0;
    for (const Source& s : old.sources_) {
      if (s.documents > old.data_->documents() - documents) return std::nullopt;
      tokens += old.data_->document_begin(documents + s.documents) - old.data_->document_begin(documents);
      documents += s.documents;
      if (tokens > old.data_->tokens()) return std::nullopt;
    }
    if (documents != old.data_->documents() || old.lines_.has_value() != extras.documents)
      return std::nullopt;
    return old;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::data && e.kind() != ErrorKind::io) throw;
    job.ctx.run.log.verbose(std::string("nothing is taken over: ") + e.what());
  } catch (const nlohmann::json::exception&) {
  }
  return std::nullopt;
}

std::vector<Reuse> OldSet::plan(const EncodeJob& job) const {
  std::vector<Reuse> all;
  bool any = false;
  for (size_t i = 0; i < job.documents.inputs().size(); ++i) {
    all.push_back(find(job, i));
    any = any || all.back().documents > 0;
  }
  if (!any || !as_made(data_->prefix(), *data_->manifest())) return {};
  return all;
}

Reuse OldSet::find(const EncodeJob& job, size_t input) const {
  const formats::CorpusInput& now = job.documents.inputs()[input];
  if (now.stream) return {};
  uint64_t first = 0;
  for (const Source& s : sources_) {
    Reuse r{first, s.documents, s.bytes, s.tokens, std::nullopt};
    first += s.documents;
    // Documents without an id are named after their file, so it must be called the same.
    if (s.name != now.name) continue;
    const uint64_t size = file_size(now.path);
    if (size == s.digest.size && job.documents.digest(input) == s.digest) {
      r.whole = s.digest;
      return r;
    }
    if (size > s.digest.size && s.documents > 0 && has_lines(now, job.options.in.corpus()) &&
        begins_with(now.path, s.digest)) {
      return r;
    }
  }
  return {};
}

void OldSet::copy(const Reuse& reuse, formats::TokenDatasetWriter& out) const {
  out.add_documents(*data_, reuse.first, reuse.documents, lines_ ? &*lines_ : nullptr);
}

}  // namespace ds::tokenize
