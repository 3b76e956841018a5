// Writer and reader of Megatron token data; see the header for the layout.
#include "formats/token_dataset.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/io.h"

namespace ds::formats {
namespace {

constexpr std::string_view kMagic("MMIDIDX\0\0", 9);
constexpr uint64_t kHeaderBytes = 34;
constexpr int32_t kDocumentEnd = -1;
constexpr const char* kHint = "make the pair again with ds-tokenize encode";

template <class T>
T load(const uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <class T>
void widen(const uint8_t* from, uint64_t count, int64_t* out) {
  for (uint64_t i = 0; i < count; ++i) out[i] = load<T>(from + i * sizeof(T));
}

// The ids as the file has them: in place where they are so already, else made in `bytes`.
template <class T>
std::string_view narrow(std::span<const uint32_t> ids, std::string& bytes, const std::string& name) {
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<T>::max());  // all ones
  uint32_t all = 0;
  for (const uint32_t id : ids) all |= id;
  if (all > kMost) {
    const auto wrong = std::find_if(ids.begin(), ids.end(), [](uint32_t id) { return id > kMost; });
    throw internal_error(fmt::format("{}: token id {} does not fit the file's type", name, *wrong));
  }
  if constexpr (sizeof(T) == sizeof(uint32_t) && std::endian::native == std::endian::little) {
    return {reinterpret_cast<const char*>(ids.data()), ids.size_bytes()};
  }
  bytes.resize(ids.size() * sizeof(T));
  char* out = bytes.data();
  for (const uint32_t id : ids) {
    const T value = static_cast<T>(id);
    std::memcpy(out, &value, sizeof(T));
    out += sizeof(T);
  }
  return bytes;
}

struct ArrayWriter {
  AtomicFile& file;
  std::string bytes;
  template <class T>
  void add(T value) {
    put(bytes, value);
    if (bytes.size() >= 1 << 16) flush();
  }
  void flush() {
    file.write(bytes);
    bytes.clear();
  }
};

// What lies at the names of a dataset before it is replaced, kept under hidden names (`.data.bin.ds-back`, …)
// until finish(). Without it everything is put back, the index last.
class OldFiles {
 public:
  explicit OldFiles(const std::string& prefix) {
    for (const std::string& path : {prefix + ".bin", prefix + ".mask", prefix + ".documents.jsonl",
                                    prefix + ".idx", manifest_path(prefix)}) {
      files_.push_back({path, join_path(folder_of(path), "." + base_name(path) + ".ds-back"), false});
    }
  }
  void keep() {
    for (File& f : files_) {
      if (exists(f.path)) {
        hard_link(f.path, f.kept_as);
        f.kept = true;
      }
    }
    changing_ = true;
    for (const char* last : {".manifest.json", ".idx", ".mask", ".documents.jsonl"}) {
      for (const File& f : files_) {
        if (f.path.ends_with(last)) remove_file(f.path);
      }
    }
  }
  void finish() { changing_ = false; }
  ~OldFiles() {
    const fault::Pause pause;
    try {
      for (size_t i = files_.size(); changing_ && i-- > 0;) remove_file(files_[i].path);
      for (const File& f : files_) {
        if (changing_ && f.kept) {
          rename_path(f.kept_as, f.path);
        } else {
          remove_file(f.kept_as);
        }
      }
    } catch (const Error&) {  // the disk is going; what has been kept stays under its hidden name
    }
  }

 private:
  struct File {
    std::string path, kept_as;
    bool kept;
  };
  std::vector<File> files_;
  bool changing_ = false;
};

std::optional<int64_t> fact(const std::optional<Manifest>& manifest, const char* key) {
  if (!manifest || !manifest->facts.is_object()) return std::nullopt;
  const auto it = manifest->facts.find(key);
  if (it == manifest->facts.end() || !it->is_number_integer()) return std::nullopt;
  return it->get<int64_t>();
}

}  // namespace

int token_bytes(TokenType type) {
  switch (type) {
    case TokenType::u8:
    case TokenType::i8:
      return 1;
    case TokenType::i16:
    case TokenType::u16:
      return 2;
    case TokenType::i32:
      return 4;
    case TokenType::i64:
      return 8;
  }
  throw internal_error("token type without a size");
}

std::string token_type_name(TokenType type) {
  switch (type) {
    case TokenType::u8:
      return "u8";
    case TokenType::i8:
      return "i8";
    case TokenType::i16:
      return "i16";
    case TokenType::u16:
      return "u16";
    case TokenType::i32:
      return "i32";
    case TokenType::i64:
      return "i64";
  }
  throw internal_error("token type without a name");
}

TokenType token_type_for_vocab(uint64_t vocab_size) {
  return vocab_size < 65500 ? TokenType::u16 : TokenType::i32;
}

std::string dataset_prefix(const std::string& path) {
  const std::string extension = extension_of(path);
  return extension == ".bin" || extension == ".idx" ? path.substr(0, path.size() - 4) : path;
}

TokenDatasetWriter::TokenDatasetWriter(const std::string& prefix, TokenType type, DatasetExtras extras)
    : prefix_(dataset_prefix(prefix)),
      type_(type),
      bin_(prefix_ + ".bin"),
      lengths_path_(path_beside(prefix_ + ".lengths", ".ds-part")) {
  check_output(prefix_ + ".bin", OutputKind::file);
  check_output(prefix_ + ".idx", OutputKind::file);
  if (extras.mask) mask_.emplace(prefix_ + ".mask");
  if (extras.documents) lines_.emplace(prefix_ + ".documents.jsonl");
  // What a killed writer of other extras has left.
  if (!mask_) remove_file(path_beside(prefix_ + ".mask", ".ds-part"));
  if (!lines_) remove_file(path_beside(prefix_ + ".documents.jsonl", ".ds-part"));
}

TokenDatasetWriter::~TokenDatasetWriter() {
  if (!kept_ && lengths_) ::unlink(lengths_path_.c_str());
}

void TokenDatasetWriter::add_document(std::span<const uint32_t> ids, std::span<const uint8_t> mask,
                                      std::string_view line) {
  add_part(ids, mask);
  end_document(line);
}

void TokenDatasetWriter::add_sequence(std::span<const uint32_t> ids, std::span<const uint8_t> mask) {
  add_part(ids, mask);
  end_sequence();
}

void TokenDatasetWriter::add_documents(std::span<const uint32_t> ids, std::span<const uint64_t> ends,
                                       std::span<const uint8_t> mask, std::string_view lines) {
  if (ends.empty() || ends.back() != ids.size()) {
    if (ends.empty() && ids.empty()) return;
    throw internal_error(prefix_ + ": ids that are of no document");
  }
  uint64_t begin = 0;
  for (const uint64_t end : ends) {
    check_length((begin == 0 ? open_ : 0) + end - begin);
    begin = end;
  }
  write_ids(ids, mask);
  bytes_.clear();
  begin = 0;
  for (const uint64_t end : ends) {
    const uint64_t tokens = open_ + end - begin;
    if (tokens > 0) {
      put<int32_t>(bytes_, static_cast<int32_t>(tokens));
      ++place_.sequences;
    }
    put<int32_t>(bytes_, kDocumentEnd);
    place_.tokens += tokens;
    open_ = 0;
    begin = end;
  }
  lengths_->write(bytes_);
  place_.documents += ends.size();
  if (!lines_) return;
  if (lines.empty()) {
    bytes_.clear();
    for (size_t i = 0; i < ends.size(); ++i) bytes_ += "{}\n";
    lines = bytes_;
  }
  lines_->write(lines);
  place_.line_bytes += lines.size();
}

void TokenDatasetWriter::add_part(std::span<const uint32_t> ids, std::span<const uint8_t> mask) {
  check_length(open_ + ids.size());
  write_ids(ids, mask);
  open_ += ids.size();
}

void TokenDatasetWriter::check_length(uint64_t tokens) const {
  if (tokens <= std::numeric_limits<int32_t>::max()) return;
  throw data_error(
      fmt::format("{}: a document of {} tokens; the format holds at most 2^31 - 1 in one sequence", prefix_,
                  tokens),
      "cut the document");
}

void TokenDatasetWriter::write_ids(std::span<const uint32_t> ids, std::span<const uint8_t> mask) {
  if (!mask.empty() && (!mask_ || mask.size() != ids.size())) {
    throw internal_error(fmt::format("{}: a mask of {} for {} ids", prefix_, mask.size(), ids.size()));
  }
  if (!lengths_) restore({});
  const auto bytes = [&]() -> std::string_view {
    switch (type_) {
      case TokenType::u8:
        return narrow<uint8_t>(ids, bytes_, prefix_);
      case TokenType::i8:
        return narrow<int8_t>(ids, bytes_, prefix_);
      case TokenType::i16:
        return narrow<int16_t>(ids, bytes_, prefix_);
      case TokenType::u16:
        return narrow<uint16_t>(ids, bytes_, prefix_);
      case TokenType::i32:
        return narrow<int32_t>(ids, bytes_, prefix_);
      case TokenType::i64:
        return narrow<int64_t>(ids, bytes_, prefix_);
    }
    throw internal_error("token type without ids");
  }();
  bin_.write(bytes);
  if (!mask_) return;
  if (mask.empty()) {
    bytes_.assign(ids.size(), 1);
    mask_->write(bytes_);
  } else {
    mask_->write({reinterpret_cast<const char*>(mask.data()), mask.size()});
  }
}

void TokenDatasetWriter::end_sequence() {
  bytes_.clear();
  put<int32_t>(bytes_, static_cast<int32_t>(open_));
  lengths_->write(bytes_);
  ++place_.sequences;
  place_.tokens += open_;
  open_ = 0;
}

void TokenDatasetWriter::end_document(std::string_view line) {
  if (!lengths_) restore({});
  if (open_ > 0) end_sequence();
  bytes_.clear();
  put<int32_t>(bytes_, kDocumentEnd);
  lengths_->write(bytes_);
  ++place_.documents;
  if (!lines_) return;
  bytes_.assign(line.empty() ? "{}" : line);
  bytes_ += '\n';
  lines_->write(bytes_);
  place_.line_bytes += bytes_.size();
}

void TokenDatasetWriter::add_documents(const TokenDataset& from, uint64_t first, uint64_t count,
                                       const DocumentLines* lines) {
  if (from.type() != type_ || open_ > 0 || (from.mask() && !mask_)) {
    throw internal_error(fmt::format("{}: cannot take over documents of {}", prefix_, from.prefix()));
  }
  if (!lengths_) restore({});
  const uint64_t begin = from.document_begin(first), end = from.document_begin(first + count);
  for (uint64_t at = begin; at < end;) {
    const uint64_t n = std::min<uint64_t>(end - at, uint64_t{1} << 20);
    bin_.write(from.bytes(at, n));
    if (mask_ && from.mask()) mask_->write({reinterpret_cast<const char*>(from.mask()) + at, n});
    if (mask_ && !from.mask()) mask_->write(std::string(n, '\1'));
    at += n;
  }
  for (uint64_t d = first; d < first + count; ++d) {
    bytes_.clear();
    for (uint64_t s = from.document_sequence(d); s < from.document_sequence(d + 1); ++s, ++place_.sequences) {
      put<int32_t>(bytes_, static_cast<int32_t>(from.sequence_begin(s + 1) - from.sequence_begin(s)));
    }
    put<int32_t>(bytes_, kDocumentEnd);
    lengths_->write(bytes_);
  }
  place_.documents += count;
  place_.tokens += end - begin;
  if (!lines_) return;
  std::string none;
  for (uint64_t d = 0; !lines && d < count; ++d) none += "{}\n";
  const std::string_view all = lines ? lines->lines(first, count) : std::string_view(none);
  lines_->write(all);
  place_.line_bytes += all.size();
}

DatasetPlace TokenDatasetWriter::sync() {
  if (open_ > 0) throw internal_error(prefix_ + ": a place inside a document");
  if (!lengths_) restore({});
  bin_.sync();
  if (mask_) mask_->sync();
  if (lines_) lines_->sync();
  lengths_->sync();
  return place_;
}

void TokenDatasetWriter::keep() {
  kept_ = true;
  bin_.keep();
  if (mask_) mask_->keep();
  if (lines_) lines_->keep();
}

bool TokenDatasetWriter::restore(const DatasetPlace& place) {
  if (!lengths_) lengths_.emplace(lengths_path_);
  const auto width = static_cast<uint64_t>(token_bytes(type_));
  if (place.documents > 0 && !exists(manifest_path(prefix_)) && exists(prefix_ + ".bin") &&
      file_size(prefix_ + ".bin") == place.tokens * width) {
    remove_file(prefix_ + ".idx");
    bin_.take_back(place.tokens * width);
    if (mask_) mask_->take_back(place.tokens);
    if (lines_) lines_->take_back(place.line_bytes);
  }
  const auto to = [&](const DatasetPlace& p) {
    return bin_.restore(p.tokens * width) && (!mask_ || mask_->restore(p.tokens)) &&
           (!lines_ || lines_->restore(p.line_bytes)) && lengths_->restore(4 * (p.sequences + p.documents));
  };
  const bool there = to(place);
  place_ = there ? place : DatasetPlace{};
  if (!there) to(place_);
  return there;
}

void TokenDatasetWriter::remove_parts(const std::string& prefix) {
  for (const char* extension : {".bin", ".mask", ".documents.jsonl", ".lengths"})
    remove_file(path_beside(dataset_prefix(prefix) + extension, ".ds-part"));
}

void TokenDatasetWriter::prepare() {
  if (open_ > 0) throw internal_error(prefix_ + ": committed inside a document");
  if (!lengths_) restore({});
  lengths_->close();
  AtomicFile& idx = idx_.emplace(prefix_ + ".idx");
  std::string header(kMagic);
  put<uint64_t>(header, 1);
  put<uint8_t>(header, static_cast<uint8_t>(type_));
  put<uint64_t>(header, place_.sequences);
  put<uint64_t>(header, place_.documents + 1);
  idx.write(header);
  {
    // Three arrays, so three walks over the lengths.
    const MappedFile file(lengths_path_);
    const auto each = [&](auto&& use) {
      for (uint64_t i = 0; i < place_.sequences + place_.documents; ++i)
        use(load<int32_t>(file.data() + 4 * i));
    };
    const auto width = static_cast<int64_t>(token_bytes(type_));
    int64_t offset = 0, sequences = 0;
    ArrayWriter out{idx, {}};
    each([&](int32_t length) {
      if (length != kDocumentEnd) out.add(length);
    });
    each([&](int32_t length) {
      if (length == kDocumentEnd) return;
      out.add(offset);
      offset += length * width;
    });
    out.add(int64_t{0});
    each([&](int32_t length) {
      if (length != kDocumentEnd) {
        ++sequences;
      } else {
        out.add(sequences);
      }
    });
    out.flush();
  }
  idx.prepare();
  digests_.push_back(bin_.finish());
  if (mask_) digests_.push_back(mask_->finish());
  if (lines_) digests_.push_back(lines_->finish());
}

std::vector<ManifestOutput> TokenDatasetWriter::commit() {
  if (!idx_) prepare();
  OldFiles old(prefix_);
  old.keep();
  std::vector<ManifestOutput> outputs;
  const auto place = [&](PartFile& file, const char* extension) {
    file.place();
    outputs.push_back({base_name(prefix_ + extension), digests_[outputs.size()]});
  };
  place(bin_, ".bin");
  if (mask_) place(*mask_, ".mask");
  if (lines_) place(*lines_, ".documents.jsonl");
  outputs.push_back({base_name(idx_->path()), idx_->commit()});
  old.finish();
  return outputs;
}

TokenDataset::TokenDataset(const std::string& path) : prefix_(dataset_prefix(path)) {
  idx_ = MappedFile(prefix_ + ".idx");
  bin_ = MappedFile(prefix_ + ".bin");
  const std::string& name = idx_.path();
  const uint64_t size = idx_.size();
  const uint8_t* p = idx_.data();
  if (size < kHeaderBytes)
    throw data_error(fmt::format("{}: truncated at byte {} (the header takes {})", name, size, kHeaderBytes),
                     kHint);
  if (idx_.view().substr(0, kMagic.size()) != kMagic) {
    throw data_error(fmt::format("{}: not a Megatron index (it begins otherwise than MMIDIDX)", name), kHint);
  }
  const uint64_t version = load<uint64_t>(p + 9);
  if (version != 1) throw data_error(fmt::format("{}: index version {}, expected 1", name, version));
  const uint8_t code = p[17];
  if (code == 6 || code == 7)
    throw data_error(fmt::format("{}: dtype code {} is floating point: no token ids", name, code));
  if (code < 1 || code > 8) throw data_error(fmt::format("{}: unknown dtype code {}", name, code));
  type_ = static_cast<TokenType>(code);
  sequences_ = load<uint64_t>(p + 18);
  const uint64_t boundaries = load<uint64_t>(p + 26);
  if (boundaries == 0)
    throw data_error(fmt::format("{}: no document boundaries (0, expected at least 1)", name), kHint);
  documents_ = boundaries - 1;

  // 12 bytes a sequence (13 with modes) and 8 a boundary must fill the file; 128 bits, so that no claim
  // overflows.
  const __uint128_t plain =
      __uint128_t{kHeaderBytes} + __uint128_t{12} * sequences_ + __uint128_t{8} * boundaries;
  if (plain > size) {
    throw data_error(fmt::format("{}: truncated at byte {} (its header claims {} sequences and {} documents)",
                                 name, size, sequences_, documents_),
                     kHint);
  }
  if (plain != size && plain + sequences_ != size) {
    throw data_error(fmt::format("{}: {} bytes, but {} sequences and {} documents take {}", name, size,
                                 sequences_, documents_, static_cast<uint64_t>(plain)),
                     kHint);
  }
  const uint8_t* lengths = p + kHeaderBytes;
  offsets_ = lengths + 4 * sequences_;
  boundaries_ = offsets_ + 8 * sequences_;

  const uint64_t width = static_cast<uint64_t>(token_bytes(type_));
  uint64_t due = 0;  // below 2^31 * 8 * sequences, and sequences < 2^60 / 12: no overflow
  for (uint64_t i = 0; i < sequences_; ++i) {
    const int32_t length = load<int32_t>(lengths + 4 * i);
    const int64_t offset = load<int64_t>(offsets_ + 8 * i);
    if (length < 0) throw data_error(fmt::format("{}: sequence {} has length {}", name, i, length), kHint);
    if (static_cast<uint64_t>(offset) != due) {
      throw data_error(fmt::format("{}: sequence {} begins at byte {}, expected {}", name, i, offset, due),
                       kHint);
    }
    due += static_cast<uint64_t>(length) * width;
  }
  int64_t last = 0;
  for (uint64_t d = 0; d < boundaries; ++d) {
    const int64_t boundary = load<int64_t>(boundaries_ + 8 * d);
    if ((d == 0 && boundary != 0) || boundary < last || static_cast<uint64_t>(boundary) > sequences_) {
      throw data_error(fmt::format("{}: document boundary {} is sequence {}, after {} and of {}", name, d,
                                   boundary, last, sequences_),
                       kHint);
    }
    last = boundary;
  }
  if (static_cast<uint64_t>(last) != sequences_) {
    throw data_error(fmt::format("{}: the last document ends at sequence {} of {}", name, last, sequences_),
                     kHint);
  }
  if (bin_.size() < due)
    throw data_error(fmt::format("{}: truncated at byte {} (index says {})", bin_.path(), bin_.size(), due),
                     kHint);
  if (bin_.size() > due)
    throw data_error(fmt::format("{}: {} bytes where the index says {}", bin_.path(), bin_.size(), due),
                     kHint);
  tokens_ = due / width;
  if (exists(prefix_ + ".mask")) {
    mask_.emplace(prefix_ + ".mask");
    if (mask_->size() != tokens_) {
      throw data_error(fmt::format("{}: {} bytes for {} tokens", mask_->path(), mask_->size(), tokens_),
                       kHint);
    }
  }
  manifest_ = read_manifest(prefix_);
}

uint64_t TokenDataset::document_sequence(uint64_t d) const {
  if (d > documents_) throw internal_error(fmt::format("{}: document {} of {}", prefix_, d, documents_));
  return load<uint64_t>(boundaries_ + 8 * d);
}

uint64_t TokenDataset::sequence_begin(uint64_t s) const {
  if (s > sequences_) throw internal_error(fmt::format("{}: sequence {} of {}", prefix_, s, sequences_));
  if (s == sequences_) return tokens_;
  return load<uint64_t>(offsets_ + 8 * s) / static_cast<uint64_t>(token_bytes(type_));
}

uint64_t TokenDataset::document_begin(uint64_t d) const { return sequence_begin(document_sequence(d)); }

uint64_t TokenDataset::document_of(uint64_t t) const {
  if (t >= tokens_) throw internal_error(fmt::format("{}: token {} of {}", prefix_, t, tokens_));
  uint64_t low = 0, high = documents_;  // document_begin(low) <= t < document_begin(high)
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (document_begin(middle) <= t ? low : high) = middle;
  }
  return low;
}

void TokenDataset::read(uint64_t first, uint64_t count, int64_t* out) const {
  if (first > tokens_ || count > tokens_ - first) {
    throw internal_error(fmt::format("{}: tokens {} + {} of {}", prefix_, first, count, tokens_));
  }
  if (count == 0) return;
  const uint8_t* from = bin_.data() + first * static_cast<uint64_t>(token_bytes(type_));
  switch (type_) {
    case TokenType::u8:
      widen<uint8_t>(from, count, out);
      break;
    case TokenType::i8:
      widen<int8_t>(from, count, out);
      break;
    case TokenType::i16:
      widen<int16_t>(from, count, out);
      break;
    case TokenType::u16:
      widen<uint16_t>(from, count, out);
      break;
    case TokenType::i32:
      widen<int32_t>(from, count, out);
      break;
    case TokenType::i64:
      widen<int64_t>(from, count, out);
      break;
  }
}

std::string_view TokenDataset::bytes(uint64_t first, uint64_t count) const {
  if (first > tokens_ || count > tokens_ - first) {
    throw internal_error(fmt::format("{}: tokens {} + {} of {}", prefix_, first, count, tokens_));
  }
  const auto width = static_cast<uint64_t>(token_bytes(type_));
  return bin_.view().substr(first * width, count * width);
}

std::vector<int64_t> TokenDataset::document(uint64_t d) const {
  std::vector<int64_t> ids(document_tokens(d));
  read(document_begin(d), ids.size(), ids.data());
  return ids;
}

std::optional<DocumentLines> DocumentLines::open(const TokenDataset& data) {
  const std::string path = data.prefix() + ".documents.jsonl";
  if (!exists(path)) return std::nullopt;
  DocumentLines lines;
  lines.file_ = MappedFile(path);
  const std::string_view text = lines.file_.view();
  lines.begins_.push_back(0);
  for (size_t at = 0; (at = text.find('\n', at)) != std::string_view::npos;) lines.begins_.push_back(++at);
  if (lines.begins_.back() != text.size() || lines.begins_.size() != data.documents() + 1) {
    throw data_error(
        fmt::format("{}: {} whole lines for {} documents", path, lines.begins_.size() - 1, data.documents()),
        kHint);
  }
  return lines;
}

std::string_view DocumentLines::line(uint64_t document) const {
  const uint64_t begin = begins_.at(document);
  return file_.view().substr(begin, begins_.at(document + 1) - begin - 1);
}

std::string_view DocumentLines::lines(uint64_t first, uint64_t count) const {
  const uint64_t begin = begins_.at(first);
  return file_.view().substr(begin, begins_.at(first + count) - begin);
}

std::optional<int64_t> TokenDataset::vocab_size() const { return fact(manifest_, "vocab_size"); }
std::optional<int64_t> TokenDataset::eos_id() const { return fact(manifest_, "eos_id"); }

std::vector<ManifestInput> describe_dataset(const std::string& role, const TokenDataset& data) {
  if (data.manifest()) return {describe_input(role, data.prefix())};
  std::vector<ManifestInput> files;
  for (const char* end : {".bin", ".idx", ".mask", ".documents.jsonl"}) {
    if (exists(data.prefix() + end)) files.push_back(describe_input(role, data.prefix() + end));
  }
  return files;
}

}  // namespace ds::formats
