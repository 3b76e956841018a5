// Temporaries beside the target, committed by rename. What lies beside an output NAME while it is written:
//   .NAME.ds-tmp-PID   the new contents; its writer holds a flock on it
//   .NAME.ds-old-PID   the old folder, only where the file system cannot exchange two names, for the time of
//   two renames .NAME.ds-lock      held by flock, with the pid of the holder in it
#include "base/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/error.h"
#include "base/fault.h"

namespace ds {

namespace {

// Where an output goes once symbolic links are followed, and what is there now.
struct Place {
  enum Kind { missing, file, folder, special } kind = missing;
  std::string path;
  int descriptor = -1;  // for special: write to this one of ours ("-", /dev/stdout, /dev/fd/3)
  bool writable = true;
};

int own_descriptor(const std::string& path) {
  for (const std::string_view prefix : {"/proc/self/fd/", "/dev/fd/"}) {
    if (path.compare(0, prefix.size(), prefix) != 0 || path.size() == prefix.size()) continue;
    const std::string digits = path.substr(prefix.size());
    if (digits.size() < 8 && digits.find_first_not_of("0123456789") == std::string::npos)
      return atoi(digits.c_str());
  }
  return -1;
}

Place find_place(const std::string& output) {
  Place place;
  place.path = output;
  while (place.path.size() > 1 && place.path.back() == '/') place.path.pop_back();
  if (output == "-") {
    place.kind = Place::special;
    place.descriptor = STDOUT_FILENO;
    return place;
  }
  for (int links = 0; links < 40; ++links) {
    place.descriptor = own_descriptor(place.path);
    if (place.descriptor >= 0) {
      place.kind = Place::special;
      return place;
    }
    char to[PATH_MAX];
    const ssize_t n = ::readlink(place.path.c_str(), to, sizeof to);
    if (n <= 0) break;
    place.path = join_path(folder_of(place.path), std::string_view(to, static_cast<size_t>(n)));
  }
  struct stat st{};
  if (::stat(place.path.c_str(), &st) != 0) {
    if (errno != ENOENT) throw errno_error(output, "cannot examine", errno);
    return place;
  }
  place.kind = S_ISDIR(st.st_mode) ? Place::folder : S_ISREG(st.st_mode) ? Place::file : Place::special;
  place.writable = ::access(place.path.c_str(), W_OK) == 0;
  return place;
}

// The folder that will hold the output is there and can be written.
void check_parent(const Place& place) {
  const std::string folder = folder_of(place.path);
  struct stat st{};
  if (::stat(folder.c_str(), &st) != 0) {
    if (errno == ENOENT)
      throw io_error(folder + ": no such folder (for " + base_name(place.path) + ")",
                     "create it with: mkdir -p " + folder);
    throw errno_error(folder, "cannot examine", errno);
  }
  if (!S_ISDIR(st.st_mode)) throw io_error(folder + ": is no folder", "choose an output inside a folder");
  if (::access(folder.c_str(), W_OK | X_OK) != 0) throw errno_error(folder, "cannot write into it", errno);
}

Place checked_place(const std::string& output, OutputKind kind) {
  Place place = find_place(output);
  if (output.empty()) throw io_error("the output has an empty name", "name it with -o");
  if (kind == OutputKind::file) {
    if (place.kind == Place::folder)
      throw io_error(output + ": is a folder, expected a file", "name a file inside it");
    if (place.kind == Place::special) return place;
    if (output.back() == '/')
      throw io_error(output + ": no such folder", "name a file, or create the folder first");
    if (!place.writable) throw errno_error(output, "cannot write", EACCES);
  } else if (place.kind == Place::file || place.kind == Place::special) {
    throw io_error(output + ": is a file, expected a folder", "choose another name or remove it");
  }
  check_parent(place);
  return place;
}

// `.NAME SUFFIX` beside the target; a name that would get too long is cut and told apart by its hash.
std::string hidden_name(const std::string& target, const std::string& suffix) {
  std::string name = base_name(target);
  if (name.size() > 200) name = name.substr(0, 180) + "~" + std::to_string(xxh64(name));
  return "." + name + suffix;
}
std::string beside(const std::string& target, const std::string& suffix) {
  return join_path(folder_of(target), hidden_name(target, suffix));
}

// The writer of `.NAME.ds-tmp-PID[-N]` is dead: no process has that pid (or it is ours, from an earlier
// life), and nobody holds the flock, which also sees writers in other containers.
bool abandoned(const std::string& path, const std::string& pid_text) {
  const long pid = atol(pid_text.c_str());
  if (pid <= 0) return false;
  if (pid != ::getpid() && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH)) return false;
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return fd && (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);
}

// Removes what dead writers of `target` left, and puts an old folder back that one of them had moved away.
// Never fails.
void clean_up_after_the_dead(const std::string& target) {
  const fault::Pause pause;
  try {
    const std::string folder = folder_of(target), tmp = hidden_name(target, ".ds-tmp-"),
                      old = hidden_name(target, ".ds-old-");
    for (const std::string& name : list_folder(folder)) {
      const bool is_tmp = name.compare(0, tmp.size(), tmp) == 0,
                 is_old = name.compare(0, old.size(), old) == 0;
      const std::string path = join_path(folder, name);
      if ((!is_tmp && !is_old) || !abandoned(path, name.substr(is_tmp ? tmp.size() : old.size()))) continue;
      if (is_old && !exists(target))
        rename_path(path, target);
      else
        remove_tree(path);
    }
  } catch (const Error&) {  // a folder that cannot be listed, or a race with another cleaner
  }
}

// Makes the temporary by `make(path)`, which returns an open descriptor or -1 with errno, and locks it. Its
// name ends in our pid, and in -2, -3… when this process writes the same target more than once.
template <class Make>
Fd make_temporary(const std::string& target, std::string& path, Make make) {
  const std::string stem = beside(target, ".ds-tmp-" + std::to_string(::getpid()));
  for (int copy = 1; copy < 1000; ++copy) {
    path = copy == 1 ? stem : stem + "-" + std::to_string(copy);
    const int fault = fault::next();
    Fd fd(fault ? -1 : make(path.c_str()));
    const int e = fault ? fault : errno;
    if (fd) {
      ::flock(fd.get(), LOCK_EX | LOCK_NB);
      return fd;
    }
    if (e != EEXIST) throw errno_error(target, "cannot create", e);
  }
  throw errno_error(target, "cannot create", EEXIST);
}

void sync_tree(const std::string& root) {
  std::vector<std::string> folders{root};
  for (size_t i = 0; i < folders.size(); ++i) {
    const std::string folder = folders[i];
    for (const std::string& name : list_folder(folder)) {
      const std::string path = join_path(folder, name);
      struct stat st{};
      if (::lstat(path.c_str(), &st) != 0) throw errno_error(path, "cannot examine", errno);
      if (S_ISDIR(st.st_mode)) folders.push_back(path);
      if (S_ISREG(st.st_mode)) sync_fd(open_read(path).get(), path);
    }
    sync_folder(folder);
  }
}

// Replacing the folder one stands in, or one above it, is never meant.
void refuse_current_folder(const std::string& target) {
  char here[PATH_MAX], there[PATH_MAX];
  if (!::getcwd(here, sizeof here) || !::realpath(target.c_str(), there)) return;
  std::string above(there);
  if (above.back() != '/') above += '/';
  if ((std::string(here) + "/").compare(0, above.size(), above) == 0)
    throw usage_error(target + ": is the current folder or one above it, and would be replaced as a whole",
                      "name a new folder");
}

}  // namespace

void refuse_output_is_input(const std::string& output, const std::vector<std::string>& inputs) {
  if (output == "-") return;
  struct stat out{}, in{};
  const bool there = ::stat(output.c_str(), &out) == 0;
  if (there && !S_ISREG(out.st_mode) && !S_ISDIR(out.st_mode)) return;
  for (const std::string& input : inputs) {
    if (input == "-") continue;
    const bool same_inode =
        there && ::stat(input.c_str(), &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
    if (same_inode || input == output)
      throw usage_error(output + ": is both input and output", "choose another output name");
  }
}

void check_output(const std::string& output, OutputKind kind) { checked_place(output, kind); }

OutputLock::OutputLock(const std::string& output) {
  const Place place = find_place(output);
  if (place.kind == Place::special) return;
  check_parent(place);
  path_ = beside(place.path, ".ds-lock");
  for (;;) {
    const int fault = fault::next();
    Fd fd(fault ? -1 : ::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!fd) throw errno_error(output, "cannot create its lock file", fault ? fault : errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      char text[32] = {};
      const ssize_t n = ::pread(fd.get(), text, sizeof text - 1, 0);
      const long pid = n > 0 ? atol(text) : 0;
      throw resource_error(output + ": is being written by " +
                               (pid > 0 ? "process " + std::to_string(pid) : "another process"),
                           "wait until it has ended, or choose another output");
    }
    // The holder before us may have removed the file between our open and our flock: then we locked a ghost.
    struct stat mine{}, current{};
    if (::fstat(fd.get(), &mine) == 0 && ::stat(path_.c_str(), &current) == 0 &&
        mine.st_ino == current.st_ino && mine.st_dev == current.st_dev) {
      const std::string pid = std::to_string(::getpid()) + "\n";
      if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
        // A full disk: the lock holds all the same, only the pid is unknown to others.
      }
      fd_ = std::move(fd);
      return;
    }
  }
}

OutputLock::~OutputLock() {
  if (fd_) ::unlink(path_.c_str());  // while it is still held
}

struct AtomicFile::State {
  Place place;
  std::string temporary;  // empty: written straight through
  Fd fd;
  std::unique_ptr<BufferedWriter> out;
  Sha256 hash;
  bool hashing = true;
  uint64_t end = 0;  // of the furthest write
};

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), state_(std::make_unique<State>()) {
  State& s = *state_;
  s.place = checked_place(path_, OutputKind::file);
  if (s.place.kind == Place::special) {
    const int fault = fault::next();
    const int fd = fault                     ? -1
                   : s.place.descriptor >= 0 ? ::fcntl(s.place.descriptor, F_DUPFD_CLOEXEC, 3)
                                             : ::open(s.place.path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
      throw errno_error(path_ == "-" ? "<stdout>" : path_, "cannot open for writing", fault ? fault : errno);
    s.fd = Fd(fd);
  } else {
    clean_up_after_the_dead(s.place.path);
    s.fd = make_temporary(s.place.path, s.temporary, [](const char* p) {
      return ::open(p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    });
  }
  s.out = std::make_unique<BufferedWriter>(s.fd.get(), path_ == "-" ? "<stdout>" : path_);
}

AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;

AtomicFile::~AtomicFile() {
  if (state_ && state_->fd && !state_->temporary.empty()) ::unlink(state_->temporary.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  State& s = *state_;
  if (s.hashing) s.hash.update(bytes);
  s.out->write(bytes);
  s.end = std::max(s.end, s.out->written());
}

void AtomicFile::write_at(uint64_t offset, std::string_view bytes) {
  State& s = *state_;
  if (s.temporary.empty())
    throw usage_error((path_ == "-" ? "<stdout>" : path_) + ": this format cannot be written to a stream",
                      "name a regular file with -o");
  s.out->flush();
  s.hashing = false;
  write_all_at(s.fd.get(), offset, bytes, path_);
  s.end = std::max(s.end, offset + bytes.size());
}

uint64_t AtomicFile::size() const { return state_->end; }

void AtomicFile::prepare() {
  State& s = *state_;
  s.out->flush();
  if (!s.temporary.empty()) sync_fd(s.fd.get(), path_);
}

FileDigest AtomicFile::commit() {
  State& s = *state_;
  if (!s.fd) throw internal_error(path_ + ": committed twice");
  s.out->flush();
  FileDigest digest{s.end, {}};
  if (s.hashing) {
    digest.sha256 = s.hash.hex();
  } else {
    Sha256 hash;
    std::string buffer(size_t{1} << 20, '\0');
    for (uint64_t at = 0; at < s.end;) {
      const size_t n = static_cast<size_t>(std::min<uint64_t>(buffer.size(), s.end - at));
      read_exact_at(s.fd.get(), at, buffer.data(), n, path_);
      hash.update({buffer.data(), n});
      at += n;
    }
    digest.sha256 = hash.hex();
  }
  if (s.temporary.empty()) {
    s.fd.close(path_ == "-" ? "<stdout>" : path_);
    return digest;
  }
  sync_fd(s.fd.get(), path_);
  rename_path(s.temporary, s.place.path);
  s.temporary.clear();
  s.fd.close(path_);
  sync_folder(folder_of(s.place.path));
  return digest;
}

AtomicFolder::AtomicFolder(std::string target) {
  const Place place = checked_place(target, OutputKind::folder);
  target_ = place.path;
  refuse_current_folder(target_);
  clean_up_after_the_dead(target_);
  alive_ = make_temporary(target_, temporary_, [](const char* p) {
    return ::mkdir(p, 0777) != 0 ? -1 : ::open(p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  });
}

AtomicFolder::AtomicFolder(AtomicFolder&&) noexcept = default;

AtomicFolder::~AtomicFolder() {
  if (!alive_) return;
  const fault::Pause pause;
  try {
    remove_tree(temporary_);
  } catch (const Error&) {
  }
}

void AtomicFolder::commit() {
  if (!alive_) throw internal_error(target_ + ": committed twice");
  sync_tree(temporary_);
  if (!exists(target_)) {
    rename_path(temporary_, target_);
    alive_ = Fd();
    sync_folder(folder_of(target_));
    return;
  }
  if (!try_exchange_paths(temporary_, target_)) {
    const std::string old = beside(target_, ".ds-old-" + std::to_string(::getpid()));
    rename_path(target_, old);
    try {
      rename_path(temporary_, target_);
    } catch (...) {
      ::rename(old.c_str(), target_.c_str());
      throw;
    }
    temporary_ = old;
  }
  // From here on the temporary name holds the old folder; if it cannot be removed now, the destructor tries
  // again.
  sync_folder(folder_of(target_));
  remove_tree(temporary_);
  alive_ = Fd();
}

FileDigest write_file(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  return file.commit();
}

}  // namespace ds
