// Kinds to exit codes, and errno values to messages that say what to do.
#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace ds {

namespace {

struct ErrnoHint {
  int value;
  const char* hint;
};
constexpr ErrnoHint kHints[] = {
    {ENOSPC, "the disk is full: free some space or choose another output place"},
    {EDQUOT, "the disk quota is used up: free some space or choose another output place"},
    {ENOENT, "check the path; relative paths start at the current folder"},
    {EACCES, "check the permissions of the file and of the folders above it"},
    {EPERM, "check the permissions of the file and of the folders above it"},
    {EROFS, "the file system is read-only: choose another output place"},
    {EMFILE, "raise the limit on open files (ulimit -n)"},
    {EIO, "the device reports an error: check the disk and the system log"},
    {EFBIG, "the file system or `ulimit -f` limits the size of files"},
};

}  // namespace

Error errno_error(const std::string& path, const std::string& what, int errno_value) {
  std::string hint;
  for (const ErrnoHint& h : kHints)
    if (h.value == errno_value) hint = h.hint;
  const ErrorKind kind = errno_value == ENOMEM ? ErrorKind::resource : ErrorKind::io;
  return {kind, path + ": " + what + ": " + std::strerror(errno_value), hint};
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return 2;
    case ErrorKind::data:
      return 3;
    case ErrorKind::io:
      return 4;
    case ErrorKind::resource:
      return 5;
    case ErrorKind::internal:
      return 70;
  }
  return 70;
}

}  // namespace ds
