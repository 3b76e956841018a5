// From a token's text to its id: an index beside a list of tokens, which stays the caller's. Open addressing,
// at most half full; a slot is a part of the hash and the id, so that a look-up reads one foreign token.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace ds::formats {

class TokenIndex {
 public:
  TokenIndex() = default;
  explicit TokenIndex(size_t tokens) : slots_(std::bit_ceil(tokens * 2 + 2), kEmpty) {}

  // False when the token is there already: the first id stays. No more than the constructor was told.
  bool add(const std::vector<std::string>& tokens, uint32_t id) { return add(tokens, id, hash(tokens[id])); }
  std::optional<uint32_t> find(const std::vector<std::string>& tokens, std::string_view token) const {
    return find(tokens, token, hash(token));
  }

  // The same in steps, for many look-ups at a time: what they need is asked for ahead of its use.
  static uint64_t hash(std::string_view token) { return xxh64(token); }
  void prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  void prefetch_token(const std::vector<std::string>& tokens, uint64_t hash) const {
    if (slots_.empty()) return;
    const uint64_t slot = slots_[hash & (slots_.size() - 1)];
    if (slot != kEmpty) __builtin_prefetch(&tokens[static_cast<uint32_t>(slot)]);
  }
  bool add(const std::vector<std::string>& tokens, uint32_t id, uint64_t hash) {
    uint64_t& slot = slots_[place(tokens, tokens[id], hash)];
    if (slot != kEmpty) return false;
    slot = (hash & kTag) | id;
    return true;
  }
  // The same, but the last id stays.
  void put(const std::vector<std::string>& tokens, uint32_t id, uint64_t hash) {
    slots_[place(tokens, tokens[id], hash)] = (hash & kTag) | id;
  }
  std::optional<uint32_t> find(const std::vector<std::string>& tokens, std::string_view token,
                               uint64_t hash) const {
    if (slots_.empty()) return std::nullopt;
    const uint64_t slot = slots_[place(tokens, token, hash)];
    if (slot == kEmpty) return std::nullopt;
    return static_cast<uint32_t>(slot);
  }

 private:
  static constexpr uint64_t kEmpty = UINT64_MAX, kTag = 0xFFFFFFFF00000000u;

  // Where the token is, or where it would go.
  size_t place(const std::vector<std::string>& tokens, std::string_view token, uint64_t h) const {
    const uint64_t mask = slots_.size() - 1;
    for (size_t i = h & mask;; i = (i + 1) & mask) {
      const uint64_t slot = slots_[i];
      if (slot == kEmpty) return i;
      if (((slot ^ h) & kTag) == 0 && tokens[static_cast<uint32_t>(slot)] == token) return i;
    }
  }

  std::vector<uint64_t> slots_;
};

}  // namespace ds::formats
