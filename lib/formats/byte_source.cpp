// Raw bytes are hashed as they are read, then passed through or decoded into the caller's buffer. Memory is a
// raw buffer and the decompressor's window, whatever the headers claim.
//
// With several threads a thread of its own fills a queue of pieces. Where the raw bytes can be cut between
// members, many members are decoded at a time; a cut that proves wrong, and a member too large to be held,
// are decoded one after the other from where they begin, which also is the one place where damage is
// reported.
#include "formats/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/hash_aside.h"
#include "base/io.h"
#include "base/parallel.h"
#include "formats/decompressor.h"

namespace ds::formats {

namespace {

constexpr size_t kRawBuffer = size_t{1} << 18;
constexpr size_t kChunk = size_t{1} << 18;         // raw bytes decoded as one piece of work, at least
constexpr size_t kChunkLimit = size_t{4} << 20;    // and at most
constexpr size_t kOutputLimit = size_t{32} << 20;  // what they may become
constexpr size_t kPiece = size_t{1} << 19;
constexpr size_t kQueued = 4;  // pieces
constexpr int kMostThreads = 16;

struct Cancelled {};  // thrown through the threads when the reader goes away

}  // namespace

struct ByteSource::State {
  std::string name;
  SourceOptions options;
  Fd fd;
  bool regular = false;
  uint64_t raw_size = 0, raw_read = 0;
  HashAside hash;
  FileDigest digest;
  bool finished = false;

  // ---- raw bytes
  std::vector<char> buffer = std::vector<char>(kRawBuffer);
  size_t begin = 0, end = 0;  // the raw bytes not yet used
  bool raw_end = false;       // the file has no more
  std::atomic<uint64_t> shown_position = 0;

  std::string_view raw() const { return {buffer.data() + begin, end - begin}; }
  uint64_t position() const { return raw_read - (end - begin); }

  size_t read_raw(char* out, size_t size) {
    // A thread that reads ahead must not hang in a pipe when nobody wants its bytes any more.
    if (ahead && !regular) {
      pollfd p{fd.get(), POLLIN, 0};
      while (::poll(&p, 1, 100) == 0) {
        if (cancelled) throw Cancelled{};
      }
    }
    const size_t got = read_some(fd.get(), out, size, name);
    raw_end = got == 0;
    if (options.hash) hash.update({out, got});
    raw_read += got;
    return got;
  }

  // At least `n` raw bytes are at hand, or all that there are.
  bool want(size_t n) {
    while (end - begin < n && !raw_end) {
      if (begin > 0) {
        std::memmove(buffer.data(), buffer.data() + begin, end - begin);
        end -= begin;
        begin = 0;
      }
      if (end == buffer.size()) buffer.resize(buffer.size() * 2);
      end += read_raw(buffer.data() + end, buffer.size() - end);
    }
    return end - begin >= n;
  }

  [[noreturn]] void damaged(const std::string& what) const {
    throw data_error(name + ": " + what, "the file is incomplete or damaged: get or make it again");
  }

  // ---- decoding, one member after the other
  bool detected = false;
  Packing packing = Packing::none;
  std::unique_ptr<Decompressor> decompressor;
  bool inside = false;  // in the middle of a member

  void detect() {
    detected = true;
    want(kMagicBytes);
    packing = packing_of(raw());
    if (packing != Packing::none)
      decompressor = make_decompressor(packing, std::min(options.threads, kMostThreads));
  }

  size_t read_plain(char* out, size_t size) {
    if (begin == end) return raw_end ? 0 : read_raw(out, size);
    const size_t n = std::min(size, end - begin);
    std::memcpy(out, buffer.data() + begin, n);
    begin += n;
    return n;
  }

  // Between members: another one, zero padding as tapes and xz have it, or the end.
  bool next_member() {
    if (!want(1)) return false;
    want(kMagicBytes);
    if (packing_of(raw()) == packing) return true;
    const bool padded = packing == Packing::gzip || packing == Packing::xz;
    if (padded && buffer[begin] == 0) {
      const uint64_t start = position();
      while (want(1) && buffer[begin] == 0) ++begin;
      if (begin == end) return false;
      want(kMagicBytes);
      // xz allows streams behind padding, in steps of four bytes.
      if (packing == Packing::xz && (position() - start) % 4 == 0 && packing_of(raw()) == packing)
        return true;
    } else if (raw_end && end - begin < kMagicBytes && begins_magic()) {
      truncated();
    }
    damaged(std::string("garbage after the ") + packing_name(packing) + " data, at byte " +
            std::to_string(position()));
  }
  bool begins_magic() const {
    static constexpr std::string_view kMagic[] = {"", "\x1f\x8b", "\x28\xb5\x2f\xfd",
                                                  std::string_view("\xfd"
                                                                   "7zXZ\0",
                                                                   6),
                                                  "BZh91A"};
    const std::string_view magic = kMagic[static_cast<int>(packing)];
    return end - begin < magic.size() && magic.starts_with(raw());
  }
  [[noreturn]] void truncated() const {
    damaged("truncated at byte " + std::to_string(raw_read) + ", in the middle of a " +
            packing_name(packing) + (packing == Packing::zstd ? " frame" : " stream"));
  }

  Decompressor::Step problem;
  uint64_t member_at = 0;
  [[noreturn]] void fail() const {
    if (!problem.hint.empty()) throw data_error(name + ": " + problem.problem, problem.hint);
    // An xz decompressor with threads has read on, more or less far each time.
    const bool xz = packing == Packing::xz;
    damaged(std::string("damaged ") + packing_name(packing) +
            (xz ? " data in the stream that begins at byte " : " data near byte ") +
            std::to_string(xz ? member_at : position()) + ": " + problem.problem);
  }

  size_t read_packed(char* out, size_t size) {
    if (!problem.problem.empty()) fail();
    for (;;) {
      if (!inside) {
        if (!next_member()) return 0;
        decompressor->begin_member();
        member_at = position();
        inside = true;
      }
      // A decompressor may hold output back from an earlier call, so it runs once more even when there is no
      // input.
      want(1);
      const Decompressor::Step step = decompressor->step(raw(), raw_end, out, size);
      begin += step.used;
      if (!step.problem.empty()) {
        problem = step;
        if (step.produced > 0) return step.produced;  // what came before the damage goes first
        fail();
      }
      if (step.member_ends) inside = false;
      if (step.produced > 0) return step.produced;
      if (step.member_ends || step.used > 0) continue;
      if (raw_end) truncated();
      want(end - begin + 1);
    }
  }

  size_t read_here(char* out, size_t size) {
    if (!detected) detect();
    const size_t n = packing == Packing::none ? read_plain(out, size) : read_packed(out, size);
    shown_position.store(position(), std::memory_order_relaxed);
    return n;
  }

  void finish() {
    finished = true;
    if (options.hash) digest = {raw_read, hash.hex()};
  }

  // ---- reading ahead
  struct Piece {
    std::vector<char> bytes;
    size_t size = 0;
  };
  bool ahead = false;
  std::thread thread;
  std::atomic<bool> cancelled = false;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Piece> queue;
  std::vector<std::vector<char>> spare;
  bool ahead_ended = false;
  std::exception_ptr ahead_error;
  Piece piece;
  size_t piece_at = 0;

  std::vector<char> lend() {
    const std::lock_guard lock(mutex);
    if (spare.empty()) return {};
    std::vector<char> bytes = std::move(spare.back());
    spare.pop_back();
    return bytes;
  }
  void give_back(std::vector<char>&& bytes) {
    const std::lock_guard lock(mutex);
    if (spare.size() < kQueued && bytes.size() <= 8 * kPiece) spare.push_back(std::move(bytes));
  }
  void push(Piece&& p) {
    if (p.size == 0) return;
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return queue.size() < kQueued || cancelled; });
    if (cancelled) throw Cancelled{};
    queue.push_back(std::move(p));
    changed.notify_all();
  }

  struct Chunk {
    std::vector<char> raw;
    Piece out;
    bool sound = false;
  };
  uint64_t retry_at = 0;  // where it is worth trying again
  std::optional<Chunk> next_chunk() {
    for (size_t look = 2 * kChunk;; look *= 2) {
      want(look);
      const size_t size = cut_members(packing, raw(), raw_end, kChunk);
      if (size > 0) {
        Chunk chunk;
        chunk.raw.assign(buffer.data() + begin, buffer.data() + begin + size);
        chunk.out.bytes = lend();
        begin += size;
        return chunk;
      }
      if (raw_end || look >= kChunkLimit) {
        retry_at = position() + look;
        return std::nullopt;
      }
    }
  }
  // Decodes members in parallel from a border on, until the end or where that is not possible.
  void decode_many() {
    if (position() < retry_at) return;
    std::optional<Chunk> first = next_chunk();
    if (!first) return;
    std::vector<char> unread;  // the raw bytes of chunks that were cut but not used
    size_t wrong = 0;          // bytes of the first of them
    std::atomic<bool> enough = false;
    const auto produce = [&]() -> std::optional<Chunk> {
      if (first) return std::exchange(first, std::nullopt);
      return enough || cancelled ? std::nullopt : next_chunk();
    };
    const auto work = [&](Chunk& c) {
      c.sound = !cancelled && !enough &&
                decode_members(packing, {c.raw.data(), c.raw.size()}, kOutputLimit, c.out.bytes, c.out.size);
      if (!c.sound) enough = true;
    };
    const auto consume = [&](Chunk& c) {
      if (wrong || !c.sound) {
        if (!wrong) wrong = c.raw.size();
        unread.insert(unread.end(), c.raw.begin(), c.raw.end());
        return;
      }
      push(std::move(c.out));
      shown_position.fetch_add(c.raw.size(), std::memory_order_relaxed);
    };
    ordered_map<Chunk>(std::min(options.threads, kMostThreads), produce, work, consume);
    if (unread.empty()) return;
    unread.insert(unread.end(), buffer.begin() + static_cast<ptrdiff_t>(begin),
                  buffer.begin() + static_cast<ptrdiff_t>(end));
    begin = 0;
    end = unread.size();
    if (unread.size() < kRawBuffer) unread.resize(kRawBuffer);
    buffer = std::move(unread);
    retry_at = position() + wrong;
  }

  void run_ahead() {
    try {
      const bool many = packing == Packing::gzip || packing == Packing::zstd || packing == Packing::bzip2;
      for (;;) {
        if (many && !inside) decode_many();
        Piece p{lend(), 0};
        if (p.bytes.size() < kPiece) p.bytes.resize(kPiece);
        bool ended = false;
        try {
          // To the next border at most, where decoding several members may go on.
          for (;;) {
            const size_t n = read_here(p.bytes.data() + p.size, kPiece - p.size);
            ended = n == 0;
            p.size += n;
            if (ended || p.size == kPiece || (many && !inside)) break;
          }
        } catch (...) {
          push(std::move(p));  // what stands before the damage
          throw;
        }
        push(std::move(p));
        if (ended) break;
      }
      finish();
      const std::lock_guard lock(mutex);
      ahead_ended = true;
    } catch (const Cancelled&) {
    } catch (...) {
      const std::lock_guard lock(mutex);
      ahead_error = std::current_exception();
    }
    changed.notify_all();
  }

  size_t read_ahead(char* out, size_t size) {
    if (piece_at == piece.size) {
      if (!piece.bytes.empty()) give_back(std::move(piece.bytes));
      piece = {};
      piece_at = 0;
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return !queue.empty() || ahead_ended || ahead_error; });
      if (queue.empty()) {
        if (ahead_error) std::rethrow_exception(ahead_error);
        return 0;
      }
      piece = std::move(queue.front());
      queue.pop_front();
      changed.notify_all();
    }
    const size_t n = std::min(size, piece.size - piece_at);
    std::memcpy(out, piece.bytes.data() + piece_at, n);
    piece_at += n;
    return n;
  }

  size_t read(char* out, size_t size) {
    if (size == 0) return 0;
    if (!detected) {
      detect();
      if (options.threads > 1 && packing != Packing::none) {
        ahead = true;
        thread = std::thread([this] { run_ahead(); });
      }
    }
    if (ahead) return read_ahead(out, size);
    if (finished) return 0;
    const size_t n = read_here(out, size);
    if (n == 0) finish();
    return n;
  }

  ~State() {
    if (!thread.joinable()) return;
    cancelled = true;
    {
      const std::lock_guard lock(mutex);
      changed.notify_all();
    }
    thread.join();
  }
};

bool is_packed(const std::string& path) {
  const Fd fd = open_read(path);
  char head[kMagicBytes];
  size_t have = 0;
  while (have < sizeof head) {
    const size_t n = read_some(fd.get(), head + have, sizeof head - have, path);
    if (n == 0) break;
    have += n;
  }
  return packing_of({head, have}) != Packing::none;
}

ByteSource::ByteSource(const std::string& path, SourceOptions options) : state_(std::make_unique<State>()) {
  state_->name = path == "-" ? "<stdin>" : path;
  state_->options = options;
  state_->fd = open_read(path);
  struct stat st{};
  if (::fstat(state_->fd.get(), &st) == 0 && S_ISREG(st.st_mode)) {
    state_->regular = true;
    const off_t at = ::lseek(state_->fd.get(), 0, SEEK_CUR);  // stdin may be a file that was read in part
    state_->raw_size = static_cast<uint64_t>(std::max<off_t>(st.st_size - std::max<off_t>(at, 0), 0));
    ::posix_fadvise(state_->fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
}

ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

size_t ByteSource::read(char* out, size_t size) { return state_->read(out, size); }
uint64_t ByteSource::raw_position() const { return state_->shown_position.load(std::memory_order_relaxed); }
uint64_t ByteSource::raw_size() const { return state_->raw_size; }
const std::string& ByteSource::name() const { return state_->name; }

FileDigest ByteSource::raw_digest() const {
  const State& s = *state_;
  const bool at_end = s.ahead ? s.ahead_ended && s.queue.empty() && s.piece_at == s.piece.size : s.finished;
  if (!at_end || !s.options.hash) throw internal_error(s.name + ": its digest was asked for before its end");
  return s.digest;
}

}  // namespace ds::formats
