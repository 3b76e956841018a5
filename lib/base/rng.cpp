// Philox4x32-10 and the permutation built from its keys.
#include "base/rng.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace ds {

namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

std::array<uint32_t, 4> draw(uint64_t seed, uint64_t index, uint32_t sub, uint32_t stream) {
  return philox4x32({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), sub, stream},
                    {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

uint64_t join(uint32_t low, uint32_t high) { return low | uint64_t{high} << 32; }

double to_unit(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }  // [0, 1)

// The finaliser of SplitMix64: every output bit depends on every input bit.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

std::array<uint32_t, 4> philox4x32(const std::array<uint32_t, 4>& counter,
                                   const std::array<uint32_t, 2>& key) {
  std::array<uint32_t, 4> c = counter;
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{kMultiplier0} * c[0];
    const uint64_t p1 = uint64_t{kMultiplier1} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return c;
}

uint64_t Rng::bits(uint64_t index) const {
  const auto r = draw(seed_, index, sub_, stream_);
  return join(r[0], r[1]);
}

double Rng::uniform(uint64_t index) const { return to_unit(bits(index)); }

uint64_t Rng::below(uint64_t index, uint64_t n) const {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(bits(index)) * n >> 64);
}

double Rng::normal(uint64_t index) const {
  const auto r = draw(seed_, index, sub_, stream_);
  const double radius = std::sqrt(-2.0 * std::log(1.0 - to_unit(join(r[0], r[1]))));  // 1 - u is never 0
  return radius * std::cos(2.0 * std::numbers::pi * to_unit(join(r[2], r[3])));
}

Permutation::Permutation(uint64_t n, uint64_t seed, RngStream stream, uint32_t sub) : n_(n) {
  const uint32_t bits = n > 1 ? 64 - static_cast<uint32_t>(std::countl_zero(n - 1)) : 1;
  half_bits_ = (bits + 1) / 2;
  mask_ = (uint64_t{1} << half_bits_) - 1;
  for (size_t round = 0; round < keys_.size(); ++round) {
    // The upper half of the counter is all ones, which no Rng of the same stream reaches.
    const auto r = draw(seed, 0xffffffff00000000 | round, sub, static_cast<uint32_t>(stream));
    keys_[round] = join(r[0], r[1]);
  }
}

uint64_t Permutation::operator()(uint64_t i) const {
  // The network permutes [0, 4^half_bits), which is less than 4 n: walking its cycle until we are back below
  // n takes fewer than four steps on average, and permutes [0, n).
  do {
    uint64_t left = i >> half_bits_, right = i & mask_;
    for (const uint64_t key : keys_) {
      const uint64_t next = left ^ (mix(right + key) & mask_);
      left = right;
      right = next;
    }
    i = left << half_bits_ | right;
  } while (i >= n_);
  return i;
}

}  // namespace ds
