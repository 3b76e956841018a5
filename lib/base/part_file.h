// Files that survive their writer. Unlike an AtomicFile they can be taken up again by another process: they
// are append-only, and restore() brings them back to the size that a checkpoint names.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/io.h"

namespace ds {

// Where result lines go, in order.
class LineSink {
 public:
  virtual ~LineSink() = default;
  virtual void write(std::string_view lines) = 0;
  // For checkpoints. sync: all that was written is on disk; returns its size. restore: back to that size,
  // which it had in an earlier process; false when that cannot be had.
  virtual uint64_t sync() { return 0; }
  virtual bool restore(uint64_t size) { return size == 0; }
};

// A file of ours alone, under its own name.
class AppendFile final : public LineSink {
 public:
  explicit AppendFile(const std::string& path);  // creates it, or opens what is there; see restore()
  void write(std::string_view bytes) override;
  uint64_t sync() override;
  bool restore(uint64_t size) override;
  void close();  // flushed, not synced
  uint64_t size() const { return size_; }
  uint64_t written() const { return size_ - buffer_.size(); }  // given to the system

 private:
  std::string path_, buffer_;
  Fd fd_;
  uint64_t size_ = 0;
};

// A result: `.NAME.ds-part` beside NAME, hashed by a thread of its own that reads behind the writer, renamed
// into place at the end. A target that is no regular file ("-", a pipe) is written straight through.
class PartFile final : public LineSink {
 public:
  explicit PartFile(const std::string& target, bool hash = true);  // the caller holds the target's OutputLock
  ~PartFile() override;  // without place() or keep() the part is removed

  void write(std::string_view lines) override;
  uint64_t sync() override;
  bool restore(uint64_t size) override;
  // Before restore(): a process that was killed behind place() may have left the whole, of this size, under
  // the target's name; it becomes the part again. The caller knows that the target is nobody else's.
  void take_back(uint64_t size);
  // The part stays for a later process.
  void keep();
  FileDigest finish();  // ends writing and hashing; on disk, not yet in place
  void place();         // after finish(): only a rename

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "-", a device, a pipe: nothing can be renamed to it.
bool is_special_output(const std::string& path);
// `.NAME SUFFIX` beside the output, through symbolic links.
std::string path_beside(const std::string& output, const std::string& suffix);

}  // namespace ds
