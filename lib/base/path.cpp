// The part of io.h about paths and folders.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/error.h"
#include "base/fault.h"
#include "base/io.h"

namespace ds {

namespace {

// 0, or the errno of the call or of the fault hook.
template <class Call>
int outcome(Call call) {
  if (const int fault = fault::next()) return fault;
  return call() == 0 ? 0 : errno;
}

// False when nothing is there.
bool look(const std::string& path, struct stat& st) {
  const int e = outcome([&] { return ::stat(path.c_str(), &st); });
  if (e == ENOENT || e == ENOTDIR) return false;
  if (e != 0) throw errno_error(path, "cannot examine", e);
  return true;
}

std::string_view without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

void copy_file(const std::string& from, const std::string& to) {
  const Fd in = open_read(from);
  Fd out = open_create(to);
  std::string buffer(size_t{1} << 20, '\0');
  while (const size_t n = read_some(in.get(), buffer.data(), buffer.size(), from))
    write_all(out.get(), buffer.data(), n, to);
  sync_fd(out.get(), to);
  out.close(to);
}

// Names inside an open folder, which this closes.
std::vector<std::string> names_in(int fd, const std::string& path) {
  DIR* folder = ::fdopendir(fd);
  if (!folder) {
    const int e = errno;
    ::close(fd);
    throw errno_error(path, "cannot list", e);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int e = errno;
  ::closedir(folder);
  if (e != 0) throw errno_error(path, "cannot list", e);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> list_with(const std::string& path, int flags) {
  int fd = -1;
  const int e =
      outcome([&] { return (fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags)) < 0; });
  if (e == ENOTDIR) throw io_error(path + ": is no folder", "name a folder");
  if (e != 0) throw errno_error(path, "cannot list", e);
  return names_in(fd, path);
}

}  // namespace

bool exists(const std::string& path) {
  struct stat st{};
  return look(path, st);
}

bool is_folder(const std::string& path) {
  struct stat st{};
  return look(path, st) && S_ISDIR(st.st_mode);
}

uint64_t file_size(const std::string& path) {
  struct stat st{};
  if (const int e = outcome([&] { return ::stat(path.c_str(), &st); }))
    throw errno_error(path, "cannot examine", e);
  return static_cast<uint64_t>(st.st_size);
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat x{}, y{};
  return look(a, x) && look(b, y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

std::vector<std::string> list_folder(const std::string& path) { return list_with(path, 0); }

void make_folder(const std::string& path) {
  const int e = outcome([&] { return ::mkdir(path.c_str(), 0777); });
  if (e == 0) return;
  struct stat st{};
  if (e == EEXIST && ::stat(path.c_str(), &st) == 0) {
    if (S_ISDIR(st.st_mode)) return;
    throw io_error(path + ": exists and is no folder", "remove it or choose another name");
  }
  throw errno_error(path, "cannot create the folder", e);
}

void make_folders(const std::string& path) {
  const std::string whole(without_trailing_slashes(path));
  for (size_t slash = whole.find('/', 1); slash != std::string::npos; slash = whole.find('/', slash + 1)) {
    const std::string part = whole.substr(0, slash);
    struct stat st{};
    if (::stat(part.c_str(), &st) != 0) make_folder(part);
  }
  make_folder(whole);
}

void remove_file(const std::string& path) {
  const int e = outcome([&] { return ::unlink(path.c_str()); });
  if (e != 0 && e != ENOENT && e != ENOTDIR) throw errno_error(path, "cannot remove", e);
}

void remove_tree(const std::string& path) {
  struct Step {
    std::string path;
    bool emptied;
  };
  std::vector<Step> steps{{path, false}};
  while (!steps.empty()) {
    const Step step = steps.back();
    if (step.emptied) {
      const int e = outcome([&] { return ::rmdir(step.path.c_str()); });
      if (e != 0 && e != ENOENT) throw errno_error(step.path, "cannot remove the folder", e);
      steps.pop_back();
      continue;
    }
    const int e = outcome([&] { return ::unlink(step.path.c_str()); });
    if (e == EISDIR || e == EPERM) {
      steps.back().emptied = true;
      for (const std::string& name : list_with(step.path, O_NOFOLLOW))
        steps.push_back({join_path(step.path, name), false});
      continue;
    }
    if (e != 0 && e != ENOENT && e != ENOTDIR) throw errno_error(step.path, "cannot remove", e);
    steps.pop_back();
  }
}

void rename_path(const std::string& from, const std::string& to) {
  if (const int e = outcome([&] { return ::rename(from.c_str(), to.c_str()); }))
    throw errno_error(to, "cannot rename " + base_name(from) + " to it", e);
}

bool try_exchange_paths(const std::string& a, const std::string& b) {
  const int e =
      outcome([&] { return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE); });
  if (e == EINVAL || e == ENOSYS || e == ENOTSUP) return false;
  if (e != 0) throw errno_error(b, "cannot exchange it with " + base_name(a), e);
  return true;
}

void exchange_paths(const std::string& a, const std::string& b) {
  if (!try_exchange_paths(a, b))
    throw io_error(b + ": this file system cannot exchange two names",
                   "choose a place on another file system");
}

void hard_link(const std::string& from, const std::string& to) {
  if (same_file(from, to)) return;  // rename of one link over another would do nothing
  const std::string temporary =
      join_path(folder_of(to), "." + base_name(to) + ".ds-link-" + std::to_string(::getpid()));
  try {
    remove_file(temporary);
    const int e = outcome([&] { return ::link(from.c_str(), temporary.c_str()); });
    if (e == EXDEV || e == EPERM || e == EMLINK || e == ENOTSUP || e == ENOSYS)
      copy_file(from, temporary);
    else if (e != 0)
      throw errno_error(to, "cannot link it to " + from, e);
    rename_path(temporary, to);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

uint64_t free_space(const std::string& path) {
  for (std::string p = path.empty() ? "." : path;; p = folder_of(p)) {
    struct statvfs st{};
    const int e = outcome([&] { return ::statvfs(p.c_str(), &st); });
    if (e == 0) return static_cast<uint64_t>(st.f_bavail) * st.f_frsize;
    if (e != ENOENT || p == "." || p == "/") throw errno_error(p, "cannot ask for free space", e);
  }
}

std::string join_path(std::string_view a, std::string_view b) {
  if (a.empty() || (!b.empty() && b.front() == '/')) return std::string(b);
  std::string path(a);
  if (path.back() != '/') path += '/';
  return path.append(b);
}

std::string folder_of(std::string_view path) {
  path = without_trailing_slashes(path);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string(without_trailing_slashes(path.substr(0, slash)));
}

std::string base_name(std::string_view path) {
  path = without_trailing_slashes(path);
  if (path == "/") return "/";
  return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
}

std::string extension_of(std::string_view path) {
  std::string name = base_name(path);
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return {};
  std::string extension = name.substr(dot);
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return extension;
}

}  // namespace ds
