// Descriptors: every system call first asks the fault hook, is repeated after EINTR, and names the file when
// it fails.
#include "base/io.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/fault.h"

namespace ds {

namespace {

// The call's result; -1 with errno set when it, or the fault hook, failed.
template <class Call>
auto attempt(Call call) -> decltype(call()) {
  if (const int fault = fault::next()) {
    errno = fault;
    return -1;
  }
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// A pipe that someone made non-blocking: wait as a blocking one would.
bool wait_if_would_block(int fd, short events) {
  if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
  pollfd p{fd, events, 0};
  ::poll(&p, 1, -1);
  return true;
}

Fd open_file(const std::string& path, int flags) {
  const int fd = attempt([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); });
  if (fd < 0) {
    const int e = errno;
    const std::string folder = folder_of(path);
    struct stat st{};
    if (e == ENOENT && (flags & O_CREAT) && ::stat(folder.c_str(), &st) != 0)
      throw io_error(folder + ": no such folder (for " + base_name(path) + ")",
                     "create it with: mkdir -p " + folder);
    throw errno_error(path, (flags & O_CREAT) ? "cannot create" : "cannot open", e);
  }
  return Fd(fd);
}

}  // namespace

Fd& Fd::operator=(Fd&& o) noexcept {
  if (this != &o) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = o.release();
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Fd::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void Fd::close(const std::string& name) {
  const int fd = release();
  if (fd < 0) return;
  // Linux frees the descriptor even when close fails, so it is never repeated.
  const int result = ::close(fd);
  const int real = result != 0 ? errno : 0;
  const int fault = fault::next();
  if (fault || (real && real != EINTR)) throw errno_error(name, "cannot close", fault ? fault : real);
}

Fd open_read(const std::string& path) {
  if (path == "-") {
    const int fd = attempt([] { return ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3); });
    if (fd < 0) throw errno_error("<stdin>", "cannot open", errno);
    return Fd(fd);
  }
  Fd fd = open_file(path, O_RDONLY | O_NOCTTY);
  struct stat st{};
  if (::fstat(fd.get(), &st) == 0 && S_ISDIR(st.st_mode))
    throw io_error(path + ": is a folder, expected a file", "name the file inside it");
  return fd;
}

Fd open_create(const std::string& path) { return open_file(path, O_RDWR | O_CREAT | O_TRUNC); }
Fd open_append(const std::string& path) { return open_file(path, O_WRONLY | O_CREAT | O_APPEND); }

size_t read_some(int fd, void* out, size_t size, const std::string& name) {
  for (;;) {
    const ssize_t n = attempt([&] { return ::read(fd, out, size); });
    if (n >= 0) return static_cast<size_t>(n);
    if (!wait_if_would_block(fd, POLLIN)) throw errno_error(name, "cannot read", errno);
  }
}

void read_exact_at(int fd, uint64_t offset, void* out, size_t size, const std::string& name) {
  char* p = static_cast<char*>(out);
  size_t left = size;
  while (left > 0) {
    const uint64_t at = offset + (size - left);
    const ssize_t n = attempt([&] { return ::pread(fd, p, left, static_cast<off_t>(at)); });
    if (n < 0) throw errno_error(name, "cannot read at byte " + std::to_string(at), errno);
    if (n == 0)
      throw data_error(name + ": truncated at byte " + std::to_string(at) + " (expected " +
                           std::to_string(offset + size) + ")",
                       "the file is incomplete: make or copy it again");
    p += n;
    left -= static_cast<size_t>(n);
  }
}

void write_all(int fd, const void* data, size_t size, const std::string& name) {
  const char* p = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = attempt([&] { return ::write(fd, p, size); });
    if (n < 0) {
      if (errno == EPIPE) throw BrokenPipe{};
      if (wait_if_would_block(fd, POLLOUT)) continue;
      throw errno_error(name, "cannot write", errno);
    }
    if (n == 0) throw errno_error(name, "cannot write", EIO);
    p += n;
    size -= static_cast<size_t>(n);
  }
}

void write_all_at(int fd, uint64_t offset, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t n =
        attempt([&] { return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (n <= 0)
      throw errno_error(name, "cannot write at byte " + std::to_string(offset), n == 0 ? EIO : errno);
    offset += static_cast<uint64_t>(n);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

void sync_fd(int fd, const std::string& name) {
  if (attempt([&] { return ::fsync(fd); }) == 0) return;
  if (errno == EINVAL || errno == ENOTSUP) return;  // pipes, devices, some network file systems
  throw errno_error(name, "cannot sync", errno);
}

void sync_folder(const std::string& folder) {
  const Fd fd(attempt([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd) {
    if (errno == EACCES) return;  // a folder one may write but not list cannot be synced
    throw errno_error(folder, "cannot sync", errno);
  }
  sync_fd(fd.get(), folder);
}

std::string read_file(const std::string& path, uint64_t limit) {
  const std::string name = path == "-" ? "<stdin>" : path;
  const Fd fd = open_read(path);
  struct stat st{};
  uint64_t expected = 0;
  if (::fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode)) expected = static_cast<uint64_t>(st.st_size);
  const auto check = [&](uint64_t size) {
    if (size > limit)
      throw data_error(name + ": has more than " + std::to_string(limit) + " bytes",
                       "this kind of file is never that large: is it the right one?");
  };
  check(expected);
  std::string bytes;
  for (size_t piece = std::clamp<uint64_t>(expected + 1, 1 << 12, 1 << 26);;
       piece = std::max<size_t>(bytes.size(), 1 << 16)) {
    const size_t have = bytes.size();
    bytes.resize(have + piece);
    size_t got = 0;
    while (got < piece) {
      const size_t n = read_some(fd.get(), bytes.data() + have + got, piece - got, name);
      got += n;
      if (n == 0) {
        bytes.resize(have + got);
        check(bytes.size());
        return bytes;
      }
    }
    check(bytes.size());
  }
}

BufferedWriter::BufferedWriter(int fd, std::string name, size_t capacity)
    : fd_(fd), name_(std::move(name)), capacity_(capacity) {}

void BufferedWriter::write(std::string_view bytes) {
  written_ += bytes.size();
  if (buffer_.size() + bytes.size() > capacity_) flush();
  if (bytes.size() >= capacity_)
    write_all(fd_, bytes, name_);
  else
    buffer_.append(bytes);
}

void BufferedWriter::flush() {
  if (buffer_.empty()) return;
  // Emptied first: what a failed write left is not written again, perhaps twice, by a later flush.
  std::string pending;
  pending.swap(buffer_);
  write_all(fd_, pending, name_);
  pending.clear();
  buffer_.swap(pending);
}

}  // namespace ds
