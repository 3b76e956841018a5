// Documents from the inputs, worked on by all threads, given back in order; and what a manifest says of the
// inputs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "base/run.h"
#include "ds-tokenize/options.h"
#include "formats/corpus.h"
#include "formats/manifest.h"
#include "formats/text_parts.h"

namespace ds::tokenize {

// One worker's tools (an encoder, a counter) are lent to whichever thread needs one; there are never more
// than threads.
template <class T>
class Pool {
 public:
  explicit Pool(std::function<T()> make) : make_(std::move(make)) {}
  template <class Use>
  void with(const Use& use) {
    std::unique_ptr<T> item;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        item = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!item) item = std::make_unique<T>(make_());
    use(*item);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(item));
  }
  std::vector<std::unique_ptr<T>>& idle() { return idle_; }  // all of them, once the work is over

 private:
  std::function<T()> make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

// Records of one input that are worked on together: enough to make handing them over cheap.
struct Batch {
  const formats::CorpusInput* input = nullptr;
  size_t index = 0;  // of the input
  formats::RecordBlock block;
  // A part of a text file that is one document, and whether it is the last; it lies in block.bytes, as
  // formats::TextParts gives it, and there are no records.
  bool part = false, last_part = false;
  uint64_t part_bytes = 0;  // in the file

  // The documents, one after the other. Throws data for a damaged record, naming file and line. Large records
  // are used up.
  void for_each(const std::function<void(formats::Document&)>& use);
  size_t largest() const;  // bytes of the largest record
};

class Documents {
 public:
  // Finds the inputs (io, data) and opens none.
  explicit Documents(const InputOptions& options);

  // The manifest's entries; files are not hashed again. `streams` tells whether some inputs (stdin, pipes)
  // are only known, and so described, after reading.
  std::vector<formats::ManifestInput> describe() const;
  bool streams() const;
  const std::vector<std::string>& paths() const { return options_.inputs; }
  const std::vector<formats::CorpusInput>& inputs() const {
    return inputs_;
  }  // the files that they stand for

  // Before the first next(): the first `records` of an input are passed over; an input whose digest is known
  // is not read at all.
  void skip(size_t input, uint64_t records) { skip_[input] = records; }
  void skip_all(size_t input, const FileDigest& digest);
  // Of an input that has been read to its end; of a file that is not read (yet) by reading it.
  FileDigest digest(size_t input) const;

  // Batches in order; false at the end, or when the stop token is set. Throws data when there was no document
  // at all.
  // With `cut` text files that are one document come in parts.
  bool next(Batch& batch, const Run& run, const formats::TextParts::Cut* cut = nullptr);
  uint64_t raw_position() const;
  uint64_t raw_size() const { return total_; }  // bytes before decompression; 0 when not known
  bool small() const;                           // less work than starting threads is

 private:
  InputOptions options_;
  formats::CorpusOptions corpus_;
  std::vector<formats::CorpusInput> inputs_;
  bool next_part(Batch& batch, const formats::TextParts::Cut& cut);
  const formats::ByteSource* source() const;

  std::unique_ptr<formats::RecordReader> reader_;
  std::unique_ptr<formats::TextParts> parts_;  // in its place
  size_t next_input_ = 0;
  uint64_t finished_ = 0, total_ = 0, records_ = 0;
  std::vector<uint64_t> skip_;                              // records of each input
  mutable std::vector<std::optional<FileDigest>> digests_;  // of each input
  mutable std::map<std::string, formats::ManifestInput> folders_;
};

// work(batch, result) on any thread, consume(result) in order on this one.
template <class Result>
void map_documents(Documents& documents, Run& run, const std::string& stage,
                   const std::function<void(Batch&, Result&)>& work,
                   const std::function<void(Result&)>& consume) {
  struct Item {
    Batch batch;
    Result result;
  };
  run.progress.start(stage, "B", documents.raw_size());
  ordered_map<Item>(
      run.threads,
      [&]() -> std::optional<Item> {
        Item item;
        if (!documents.next(item.batch, run)) return std::nullopt;
        run.progress.update(documents.raw_position());
        return item;
      },
      [&](Item& item) { work(item.batch, item.result); }, [&](Item& item) { consume(item.result); });
  run.progress.finish();
}

bool is_stream(const std::string& path);
Error no_documents(const std::vector<std::string>& inputs);

}  // namespace ds::tokenize
