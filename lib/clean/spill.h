// What the segments of a run leave for each other on disk: append-only files of frames (document number,
// size, bytes), in increasing order of the number. All of it is read back front to back, so memory is one
// buffer; a very large frame goes in and out in pieces, and its document is in memory once.
//
//   documents.J    items with all that was found out about them (ItemCodec)
//   signatures.J   id and signature of the items that take part in corpus stage J
//   decisions.J    what the stage has decided, for the documents that it concerns
//   rejects.J, values.J   lines for the results, until they are merged by document number
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/io.h"
#include "base/part_file.h"
#include "clean/clean.h"
#include "clean/item.h"
#include "clean/step.h"

namespace ds::clean {

void append_frame(std::string& out, uint64_t number, std::string_view bytes);
void append_item(std::string& out, const Item& item);  // a frame of ItemCodec, made in place
void write_item(LineSink& out, const Item& item);      // the same in pieces, for very large ones
// The document as a line, in a frame or not, in pieces.
void write_line(LineSink& out, const Item& item, std::string_view extra, bool framed);
void append_signature(std::string& out, uint64_t number, std::string_view id, std::string_view signature);

// Frames from byte `begin` on. Throws data when the file ends inside a frame.
class FrameReader {
 public:
  explicit FrameReader(const std::string& path, uint64_t begin = 0);
  bool next(uint64_t& number, std::string_view& bytes);  // valid until the next call; false at the end
  uint64_t offset() const { return offset_; }            // behind the last frame

  // For frames that are too large to be copied: what the next one is, then its bytes, handed out in pieces.
  bool peek(uint64_t& number, uint64_t& size);                                 // false at the end
  void take(uint64_t size, const std::function<void(std::string_view)>& put);  // `size` as peek() says

 private:
  bool fill(size_t wanted);
  Error damaged() const;
  std::string path_;
  Fd fd_;
  std::vector<char> buffer_;
  size_t at_ = 0, end_ = 0;
  uint64_t offset_ = 0;
};

struct ItemCodec {
  static void encode(const Item& item, std::string& out);
  template <class Out>
  static void put(const Item& item, Out& out);  // spill.cpp
  // Throws data. With `holder`, the buffer that the bytes lie in, they are used up.
  static void decode(std::string_view bytes, const Pipeline& pipeline, Item& item,
                     formats::Buffer* holder = nullptr);
};

// The signatures of several parts one after the other, as one run over all of them has them.
struct SignaturePart {
  std::string path;
  uint64_t documents = 0;  // numbers in it are below this
};
class SignatureFiles final : public SignatureSource {
 public:
  explicit SignatureFiles(std::vector<SignaturePart> parts);
  bool next(Signature& out) override;
  void rewind() override;
  uint64_t documents() const override { return documents_; }
  uint64_t bytes() const override { return bytes_; }

 private:
  std::vector<SignaturePart> parts_;
  std::unique_ptr<FrameReader> reader_;
  size_t at_ = 0;
  uint64_t base_ = 0, documents_ = 0, bytes_ = 0;
};

// Runs a corpus stage's decision over `parts`; writes the decisions of part I to decisions[I].
void decide(const CorpusStep& step, const std::vector<SignaturePart>& parts,
            const std::vector<std::string>& decisions, const Workspace& workspace);

// Frames of several files in the order of their numbers, as lines to `out`.
void merge_frames(const std::vector<std::string>& paths, LineSink& out);

}  // namespace ds::clean
