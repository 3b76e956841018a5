// Read-only mappings.
#include "base/mmap.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/fault.h"
#include "base/io.h"

namespace ds {

MappedFile::MappedFile(const std::string& path) : path_(path) {
  const Fd fd = open_read(path);
  struct stat st{};
  if (fstat(fd.get(), &st) != 0) throw errno_error(path, "cannot examine", errno);
  if (!S_ISREG(st.st_mode)) throw io_error(path + ": is no regular file", "save the stream to a file first");
  if (st.st_size == 0) return;
  size_ = static_cast<uint64_t>(st.st_size);
  const int fault = fault::next();
  void* address = fault ? MAP_FAILED : ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) throw errno_error(path, "cannot map", fault ? fault : errno);
  data_ = static_cast<const uint8_t*>(address);
}

MappedFile::MappedFile(MappedFile&& o) noexcept
    : path_(std::move(o.path_)), data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& o) noexcept {
  std::swap(path_, o.path_);
  std::swap(data_, o.data_);
  std::swap(size_, o.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<uint8_t*>(data_), size_);
}

}  // namespace ds
