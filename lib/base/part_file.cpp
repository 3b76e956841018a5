// See part_file.h. The hashing thread reads what has been written from the page cache: nothing is handed
// over, and a part that is taken up again is hashed from its start like a new one.
#include "base/part_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/fault.h"

namespace ds {
namespace {

constexpr size_t kBuffer = size_t{1} << 18;

std::string followed(const std::string& path) {
  std::error_code error;
  std::filesystem::path at(path);
  for (int links = 0; links < 40 && std::filesystem::is_symlink(at, error); ++links) {
    const std::filesystem::path to = std::filesystem::read_symlink(at, error);
    if (error) break;
    at = to.is_absolute() ? to : at.parent_path() / to;
  }
  return at.string();
}

}  // namespace

bool is_special_output(const std::string& path) {
  struct stat st{};
  return path == "-" || path == "/dev/stdout" || path.starts_with("/proc/self/fd/") ||
         path.starts_with("/dev/fd/") || (::stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode));
}

namespace {

// Our own descriptors are duplicated, not opened again: what they are open for may be a socket.
Fd open_special(const std::string& path) {
  int own = path == "-" || path == "/dev/stdout" ? STDOUT_FILENO : -1;
  for (const std::string_view prefix : {"/proc/self/fd/", "/dev/fd/"}) {
    if (path.starts_with(prefix)) own = atoi(path.c_str() + prefix.size());
  }
  Fd fd(own >= 0 ? ::fcntl(own, F_DUPFD_CLOEXEC, 3) : ::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (!fd) throw errno_error(path == "-" ? "<stdout>" : path, "cannot open for writing", errno);
  return fd;
}

// Hashes a file while it grows.
class HashBehind {
 public:
  explicit HashBehind(const std::string& path) : path_(path), fd_(open_read(path)) {
    thread_ = std::thread([this] { run(); });
  }
  ~HashBehind() {
    {
      const std::lock_guard lock(mutex_);
      given_up_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  void written(uint64_t size) {
    {
      const std::lock_guard lock(mutex_);
      size_ = size;
    }
    changed_.notify_one();
  }
  FileDigest finish(uint64_t size) {
    {
      const std::lock_guard lock(mutex_);
      size_ = size;
      ended_ = true;
    }
    changed_.notify_one();
    thread_.join();
    if (error_) throw *error_;
    return {size, hash_.hex()};
  }

 private:
  void run() {
    std::string buffer(size_t{1} << 18, '\0');
    for (uint64_t at = 0;;) {
      uint64_t until;
      {
        std::unique_lock lock(mutex_);
        // In pieces, so that the thread sleeps while the writer fills its buffers.
        changed_.wait(lock, [&] { return given_up_ || ended_ || size_ >= at + buffer.size(); });
        if (given_up_ || (ended_ && at >= size_)) return;
        until = size_;
      }
      try {
        while (at < until) {
          const size_t n = static_cast<size_t>(std::min<uint64_t>(buffer.size(), until - at));
          read_exact_at(fd_.get(), at, buffer.data(), n, path_);
          hash_.update({buffer.data(), n});
          at += n;
        }
      } catch (const Error& error) {
        error_ = error;
        return;
      }
    }
  }

  std::string path_;
  Fd fd_;
  Sha256 hash_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t size_ = 0;
  bool ended_ = false, given_up_ = false;
  std::optional<Error> error_;
};

}  // namespace

std::string path_beside(const std::string& output, const std::string& suffix) {
  const std::string path = followed(output);
  std::string name = base_name(path);
  if (name.size() > 200) name = name.substr(0, 180) + "~" + std::to_string(xxh64(name));
  return join_path(folder_of(path), "." + name + suffix);
}

AppendFile::AppendFile(const std::string& path) : path_(path) {
  const int fault = fault::next();
  fd_ = Fd(fault ? -1 : ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!fd_) throw errno_error(path, "cannot open for writing", fault ? fault : errno);
  const off_t end = ::lseek(fd_.get(), 0, SEEK_END);
  size_ = end > 0 ? static_cast<uint64_t>(end) : 0;
}

void AppendFile::write(std::string_view bytes) {
  size_ += bytes.size();
  if (bytes.size() < kBuffer / 4 && buffer_.size() + bytes.size() <= kBuffer) {
    buffer_ += bytes;
    return;
  }
  if (!buffer_.empty()) write_all(fd_.get(), buffer_, path_);
  buffer_.clear();
  if (bytes.size() < kBuffer / 4) {
    buffer_ = bytes;
  } else {
    write_all(fd_.get(), bytes, path_);
  }
}

uint64_t AppendFile::sync() {
  if (!buffer_.empty()) write_all(fd_.get(), buffer_, path_);
  buffer_.clear();
  sync_fd(fd_.get(), path_);
  return size_;
}

bool AppendFile::restore(uint64_t size) {
  buffer_.clear();
  if (file_size(path_) < size) return false;
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
    throw errno_error(path_, "cannot truncate", errno);
  size_ = size;
  return true;
}

void AppendFile::close() {
  if (!buffer_.empty()) write_all(fd_.get(), buffer_, path_);
  buffer_.clear();
  fd_.close(path_);
}

struct PartFile::State {
  std::string target, part;
  bool hash = true, kept = false, placed = false;
  Fd direct;                           // of a special target
  uint64_t direct_size = 0, told = 0;  // told: to the hashing thread
  std::optional<AppendFile> file;
  std::optional<HashBehind> hashing;
};

PartFile::PartFile(const std::string& target, bool hash) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.target = target;
  s.hash = hash;
  if (is_special_output(target)) {
    s.direct = open_special(target);
    if (target == "-") s.target = "<stdout>";
    return;
  }
  s.target = followed(target);
  s.part = path_beside(target, ".ds-part");
}

PartFile::~PartFile() {
  if (!state_ || state_->placed || state_->kept || state_->part.empty()) return;
  state_->hashing.reset();
  if (state_->file) ::unlink(state_->part.c_str());
}

void PartFile::write(std::string_view lines) {
  State& s = *state_;
  if (s.direct) {
    s.direct_size += lines.size();
    return write_all(s.direct.get(), lines, s.target);
  }
  if (!s.file) restore(0);
  s.file->write(lines);
  if (!s.hash) return;
  if (!s.hashing) s.hashing.emplace(s.part), s.told = 0;
  if (s.file->written() == s.told) return;
  s.told = s.file->written();
  s.hashing->written(s.told);
}

uint64_t PartFile::sync() {
  State& s = *state_;
  if (s.direct) return s.direct_size;
  if (!s.file) restore(0);
  return s.file->sync();
}

bool PartFile::restore(uint64_t size) {
  State& s = *state_;
  if (s.direct) return size == 0 && s.direct_size == 0;
  s.hashing.reset();
  if (!exists(s.part) && size > 0) return false;
  if (!s.file) s.file.emplace(s.part);
  return s.file->restore(size);
}

void PartFile::take_back(uint64_t size) {
  const State& s = *state_;
  if (s.part.empty() || s.file || exists(s.part) || !exists(s.target) || file_size(s.target) != size) return;
  rename_path(s.target, s.part);
}

void PartFile::keep() { state_->kept = true; }

FileDigest PartFile::finish() {
  State& s = *state_;
  if (s.direct) {
    s.direct.close(s.target);
    s.part.clear();
    return {s.direct_size, {}};
  }
  if (!s.file) restore(0);
  const uint64_t size = s.file->sync();
  FileDigest digest{size, {}};
  if (s.hash) {
    if (!s.hashing) s.hashing.emplace(s.part);
    digest = s.hashing->finish(size);
  }
  s.file->close();
  return digest;
}

void PartFile::place() {
  State& s = *state_;
  if (s.part.empty()) return;
  rename_path(s.part, s.target);
  s.placed = true;
  sync_folder(folder_of(s.target));
}

}  // namespace ds
