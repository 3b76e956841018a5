// Token data on disk: Megatron's `.bin` / `.idx` pair, which the field's trainers read and write.
//
// `.bin` holds the token ids back to back. `.idx`, little-endian:
//    0  "MMIDIDX\0\0"     9  u64 version = 1     17  u8 dtype     18  u64 S sequences     26  u64 D =
//    documents + 1
//   34  i32[S] lengths in tokens, then i64[S] byte offsets in .bin, then i64[D] document boundaries as
//   sequence numbers (first 0, last S); multimodal writers add S mode bytes, which are ignored.
// Beside the pair may lie, and all readers here honour them:
//   PREFIX.mask             one byte a token: 1 where the token counts in the loss, 0 where nothing learns it
//   PREFIX.documents.jsonl  one JSON object a document, in order, also for empty ones: {"id":…}, and after a
//                           mixture or a merge {"id":…,"source":"where it came from"}
// The arrays are unaligned, so they are read with memcpy. Readers here require what every writer does:
// sequences lie in order without gaps and fill `.bin`. So a dataset is one stream of tokens, and a document
// is a range of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/mmap.h"
#include "base/part_file.h"
#include "formats/manifest.h"

namespace ds::formats {

enum class TokenType : uint8_t {
  u8 = 1,
  i8 = 2,
  i16 = 3,
  i32 = 4,
  i64 = 5,
  u16 = 8
};  // 6 f64 and 7 f32 are no ids

int token_bytes(TokenType type);
std::string token_type_name(TokenType type);  // "u16"
TokenType token_type_for_vocab(
    uint64_t vocab_size);  // u16 below 65500 entries, else i32, as Megatron chooses

// The common part of "data", "data.bin" and "data.idx": "data". Also the name the manifest belongs to
// (`data.manifest.json`).
std::string dataset_prefix(const std::string& path);

// Which files come beside the pair.
struct DatasetExtras {
  bool mask = false, documents = false;
};

class TokenDataset;
class DocumentLines;

// How far a set has been written.
struct DatasetPlace {
  uint64_t documents = 0, sequences = 0, tokens = 0;
  uint64_t line_bytes = 0;  // in PREFIX.documents.jsonl
};

// Writes PREFIX.bin and PREFIX.idx, and the extras. Everything is streamed, into `.PREFIX.*.ds-part` beside;
// the caller holds an OutputLock. At commit() the old manifest and index go first and the new index comes
// last, so that a killed writer never leaves a new `.bin` beside an old `.idx`; if commit() fails, the old
// files are back. The caller writes the new manifest afterwards.
class TokenDatasetWriter {
 public:
  TokenDatasetWriter(const std::string& prefix, TokenType type, DatasetExtras extras = {});  // throws io
  ~TokenDatasetWriter();  // without commit() or keep(): the parts go and the old files stay

  // A document of one sequence. An empty one becomes a repeated boundary without a sequence, as Megatron's
  // own tool does. An id that does not fit the type is an internal error.
  // `mask` has a byte for each id, or is empty: all count. `line` is the document's JSON object without a
  // line end; "" for {}.
  void add_document(std::span<const uint32_t> ids, std::span<const uint8_t> mask = {},
                    std::string_view line = {});
  // Many documents: where each ends in `ids`, and their lines with line ends, as many, or none. The first one
  // may have been begun by add_part().
  void add_documents(std::span<const uint32_t> ids, std::span<const uint64_t> ends,
                     std::span<const uint8_t> mask = {}, std::string_view lines = {});
  // A document of several sequences: add_sequence()…, then end_document().
  void add_sequence(std::span<const uint32_t> ids, std::span<const uint8_t> mask = {});
  // A sequence in pieces: add_part()…, then end_document() (nothing was added: no sequence).
  void add_part(std::span<const uint32_t> ids, std::span<const uint8_t> mask = {});
  void end_document(std::string_view line = {});
  // The documents [first, first + count) of a set of the same type, with their masks; `lines`, when there are
  // any, are its own.
  void add_documents(const TokenDataset& from, uint64_t first, uint64_t count, const DocumentLines* lines);

  uint64_t documents() const { return place_.documents; }
  uint64_t tokens() const { return place_.tokens; }

  // For another process to go on: sync() between documents puts all that was added on disk; keep() leaves the
  // parts; a writer of the same prefix, type and extras is then brought to that place by restore(), before
  // anything is added to it. False: the parts are not there, and it begins anew. Where no manifest vouches
  // for the set, they may also lie under its own names: put there by a commit() that was killed.
  DatasetPlace sync();
  void keep();
  bool restore(const DatasetPlace& place);

  static void remove_parts(const std::string& prefix);  // that a killed writer has left

  void prepare();                        // what of commit() takes time, before anything is replaced
  std::vector<ManifestOutput> commit();  // names and digests of .bin, .idx and the extras

 private:
  void write_ids(std::span<const uint32_t> ids, std::span<const uint8_t> mask);
  void check_length(uint64_t tokens) const;
  void end_sequence();

  std::string prefix_;
  TokenType type_;
  PartFile bin_;
  std::optional<PartFile> mask_, lines_;
  // What the index will say: an i32 for each sequence, its length, and kDocumentEnd behind those of a
  // document.
  std::string lengths_path_;
  std::optional<AppendFile> lengths_;
  std::optional<AtomicFile> idx_;  // once it is prepared
  std::vector<FileDigest> digests_;
  bool kept_ = false;
  DatasetPlace place_;
  uint64_t open_ = 0;  // tokens of the sequence that is being added
  std::string bytes_;  // of one sequence, kept to save allocations
};

// A dataset opened for reading: both files mapped, nothing copied, everything checked at opening.
// Thread-safe.
class TokenDataset {
 public:
  explicit TokenDataset(const std::string& path);  // prefix or either file; throws io, data

  const std::string& prefix() const { return prefix_; }
  const std::string& bin_path() const { return bin_.path(); }
  TokenType type() const { return type_; }
  uint64_t sequences() const { return sequences_; }
  uint64_t documents() const { return documents_; }
  uint64_t tokens() const { return tokens_; }

  // Document d is the tokens [document_begin(d), document_begin(d + 1)) of the stream; d <= documents().
  uint64_t document_begin(uint64_t d) const;
  uint64_t document_tokens(uint64_t d) const { return document_begin(d + 1) - document_begin(d); }
  // The document that holds token t (t < tokens()): by bisection.
  uint64_t document_of(uint64_t t) const;

  // Document d is the sequences [document_sequence(d), document_sequence(d + 1)); d <= documents().
  uint64_t document_sequence(uint64_t d) const;
  uint64_t sequence_begin(uint64_t s) const;  // its first token; s <= sequences()

  // One byte a token, or null when the data has no mask.
  const uint8_t* mask() const { return mask_ ? mask_->data() : nullptr; }

  // Copies tokens [first, first + count) of the stream, widened. Ids are not checked against any vocabulary;
  // signed types can give negative ones.
  void read(uint64_t first, uint64_t count, int64_t* out) const;
  // The same as they lie in the file.
  std::string_view bytes(uint64_t first, uint64_t count) const;
  std::vector<int64_t> document(uint64_t d) const;

  // The manifest beside the data, when there is one, and what it says; readers must work without.
  const std::optional<Manifest>& manifest() const { return manifest_; }
  std::optional<int64_t> vocab_size() const;  // facts.vocab_size
  std::optional<int64_t> eos_id() const;      // facts.eos_id

 private:
  std::string prefix_;
  MappedFile bin_, idx_;
  std::optional<MappedFile> mask_;
  TokenType type_ = TokenType::i32;
  uint64_t sequences_ = 0, documents_ = 0, tokens_ = 0;
  const uint8_t *offsets_ = nullptr, *boundaries_ = nullptr;  // in idx_, unaligned
  std::optional<Manifest> manifest_;
};

// What a manifest says of data that was read: one input when the data has a manifest, else each of its files.
std::vector<ManifestInput> describe_dataset(const std::string& role, const TokenDataset& data);

// PREFIX.documents.jsonl, line by line and by number.
class DocumentLines {
 public:
  // nullopt when there is no such file. Throws io; data when it has not one line for each document.
  static std::optional<DocumentLines> open(const TokenDataset& data);
  std::string_view line(uint64_t document) const;                // without the line end
  std::string_view lines(uint64_t first, uint64_t count) const;  // with their line ends

 private:
  DocumentLines() = default;
  MappedFile file_;
  std::vector<uint64_t> begins_;  // of each line, and the file's size
};

}  // namespace ds::formats
