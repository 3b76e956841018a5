// Outputs that appear complete or not at all: a temporary name beside the target, fsync, rename, fsync of the
// folder.
//
// What a killed process leaves behind is named `.NAME.ds-tmp-PID`; the next writer of NAME removes such
// leftovers of dead processes. Two processes that write the same NAME exclude each other by a lock, and the
// error names the other one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/io.h"

namespace ds {

// Refuses (usage) an output that is one of the inputs, as the same path or the same inode. "-" never clashes.
void refuse_output_is_input(const std::string& output, const std::vector<std::string>& inputs);

// The folder that will hold `output` exists and can be written, `output` is no folder where a file is due (or
// the other way round). Throws io. For early checks, before any work.
enum class OutputKind { file, folder };
void check_output(const std::string& output, OutputKind kind);

// An exclusive lock on an output; taken before work, held until destroyed. Throws resource, naming the
// holder's pid. The lock is `flock` on `.NAME.ds-lock` beside the output, removed on release; the kernel
// frees it when a process dies.
class OutputLock {
 public:
  explicit OutputLock(const std::string& output);
  OutputLock(OutputLock&&) noexcept = default;
  ~OutputLock();

 private:
  std::string path_;
  Fd fd_;
};

// One output file, hashed while it is written. `path` "-" is stdout: no temporary, commit() flushes.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  AtomicFile(AtomicFile&&) noexcept;
  ~AtomicFile();  // without commit(): the temporary is removed and the old file stays

  void write(std::string_view bytes);
  // Writes at an absolute place (formats that patch a header). Turns hash-while-writing off: the digest is
  // then computed by reading the temporary back at commit.
  void write_at(uint64_t offset, std::string_view bytes);
  uint64_t size() const;
  const std::string& path() const { return path_; }

  // Flushes and syncs ahead of commit(), so that of the latter only the rename is left: for outputs of
  // several files.
  void prepare();
  FileDigest commit();  // size and SHA-256 of what was written

 private:
  struct State;
  std::string path_;
  std::unique_ptr<State> state_;
};

// A folder artifact: fill `path()` with files, then commit() swaps it into place. The old folder, if any, is
// replaced as a whole. Without commit() the temporary folder is removed.
class AtomicFolder {
 public:
  explicit AtomicFolder(std::string target);
  AtomicFolder(AtomicFolder&&) noexcept;
  ~AtomicFolder();

  const std::string& path() const { return temporary_; }  // the temporary folder to write into
  std::string file(std::string_view name) const { return join_path(temporary_, name); }
  void commit();  // syncs every file in it first

 private:
  std::string target_;
  std::string temporary_;
  Fd alive_;  // a lock on the temporary: whoever finds it free knows that its writer is dead
};

// Whole contents at once, atomically.
FileDigest write_file(const std::string& path, std::string_view bytes);

}  // namespace ds
