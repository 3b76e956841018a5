// Files as descriptors: whole reads and writes that survive EINTR and short counts, report EPIPE as
// BrokenPipe and name the file in every error. "-" is stdin or stdout. No iostreams anywhere in ds-tools.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ds {

// An owned descriptor. Closing it loses errors, so writers call close() themselves.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(o.release()) {}
  Fd& operator=(Fd&& o) noexcept;
  ~Fd();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void close(const std::string& name);  // throws io: delayed write errors appear here

 private:
  int fd_ = -1;
};

Fd open_read(const std::string& path);    // "-" duplicates stdin; a folder is an error
Fd open_create(const std::string& path);  // truncates; only for temporary names, see atomic_file.h
Fd open_append(const std::string& path);

// At most `size` bytes; 0 at the end. Throws io.
size_t read_some(int fd, void* out, size_t size, const std::string& name);
// Exactly `size` bytes at `offset`; data error "truncated at byte …" when there are fewer.
void read_exact_at(int fd, uint64_t offset, void* out, size_t size, const std::string& name);
void write_all(int fd, const void* data, size_t size, const std::string& name);
inline void write_all(int fd, std::string_view s, const std::string& name) {
  write_all(fd, s.data(), s.size(), name);
}
void write_all_at(int fd, uint64_t offset, std::string_view bytes, const std::string& name);
void sync_fd(int fd, const std::string& name);
void sync_folder(const std::string& folder);  // so that a rename in it survives a power cut

std::string read_file(const std::string& path,
                      uint64_t limit = uint64_t{1} << 32);  // whole; data error over `limit`

// Facts and small operations on paths; each throws io with the path named.
bool exists(const std::string& path);
bool is_folder(const std::string& path);
uint64_t file_size(const std::string& path);
bool same_file(const std::string& a, const std::string& b);     // both exist and are one inode
std::vector<std::string> list_folder(const std::string& path);  // names, sorted bytewise, without . and ..
void make_folder(const std::string& path);                      // one level; existing is fine
void make_folders(const std::string& path);
void remove_file(const std::string& path);  // missing is fine
void remove_tree(const std::string& path);  // missing is fine; never follows links
void rename_path(const std::string& from, const std::string& to);
void exchange_paths(const std::string& a, const std::string& b);  // atomic swap of two existing paths
bool try_exchange_paths(const std::string& a,
                        const std::string& b);  // false where the file system cannot do that
void hard_link(const std::string& from,
               const std::string& to);         // replaces `to` atomically; copies across devices
uint64_t free_space(const std::string& path);  // bytes free where `path` is or will be

std::string join_path(std::string_view a, std::string_view b);
std::string folder_of(std::string_view path);  // "." when there is no slash
std::string base_name(std::string_view path);
std::string extension_of(std::string_view path);  // ".gz", or "" ; lower case

// Bytes collected and written in large pieces. Not thread-safe. flush() before the descriptor is used
// otherwise.
class BufferedWriter {
 public:
  BufferedWriter(int fd, std::string name, size_t capacity = size_t{1} << 18);
  void write(std::string_view bytes);
  void flush();
  uint64_t written() const { return written_; }  // bytes given to write() so far

 private:
  int fd_;
  std::string name_;
  std::string buffer_;
  size_t capacity_;
  uint64_t written_ = 0;
};

}  // namespace ds
