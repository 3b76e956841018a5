// See hash_aside.h: a ring of pieces that the caller fills and the thread hashes.
#include "base/hash_aside.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/hash.h"

namespace ds {
namespace {

constexpr uint64_t kHere = uint64_t{4} << 20;  // bytes that are hashed where they come
constexpr size_t kPiece = size_t{1} << 17;
constexpr size_t kPieces = 4;

}  // namespace

struct HashAside::State {
  Sha256 hash;
  uint64_t seen = 0;
  bool alone = false;  // no thread can be had
  std::vector<char> ring;
  size_t used = 0;  // of the piece that is being filled
  std::thread thread;
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t filled = 0, hashed = 0;  // pieces so far
  bool given_up = false, ended = false;
  std::exception_ptr error;

  ~State() {
    {
      const std::lock_guard lock(mutex);
      given_up = true;
    }
    changed.notify_all();
    if (thread.joinable()) thread.join();
  }

  void start() {
    ring.resize(kPieces * kPiece);
    try {
      thread = std::thread([this] { run(); });
    } catch (const std::system_error&) {
      alone = true;
    }
  }

  char* piece(uint64_t number) { return ring.data() + number % kPieces * kPiece; }

  void run() {
    for (;;) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return given_up || ended || hashed < filled; });
        if (given_up || hashed == filled) return;
      }
      try {
        hash.update({piece(hashed), kPiece});
      } catch (...) {
        const std::lock_guard lock(mutex);
        error = std::current_exception();
        return;
      }
      const std::lock_guard lock(mutex);
      ++hashed;
      changed.notify_all();
    }
  }

  void hand_over(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t n = std::min(bytes.size(), kPiece - used);
      std::memcpy(piece(filled) + used, bytes.data(), n);
      used += n;
      bytes.remove_prefix(n);
      if (used < kPiece) return;
      used = 0;
      std::unique_lock lock(mutex);
      ++filled;
      changed.notify_all();
      changed.wait(lock, [&] { return error || filled - hashed < kPieces; });
      if (error) std::rethrow_exception(error);
    }
  }
};

HashAside::HashAside() : state_(std::make_unique<State>()) {}
HashAside::HashAside(HashAside&&) noexcept = default;
HashAside::~HashAside() = default;

void HashAside::update(std::string_view bytes) {
  State& s = *state_;
  s.seen += bytes.size();
  if (s.seen > kHere && !s.alone && !s.thread.joinable()) s.start();
  if (s.thread.joinable()) return s.hand_over(bytes);
  s.hash.update(bytes);
}

std::string HashAside::hex() {
  State& s = *state_;
  if (s.thread.joinable()) {
    {
      const std::lock_guard lock(s.mutex);
      s.ended = true;
    }
    s.changed.notify_all();
    s.thread.join();
    if (s.error) std::rethrow_exception(s.error);
    s.hash.update({s.piece(s.filled), s.used});
  }
  return s.hash.hex();
}

}  // namespace ds
