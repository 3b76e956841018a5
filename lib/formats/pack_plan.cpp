#include "formats/pack_plan.h"

#include <fmt/format.h>

#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"

namespace ds::formats {
namespace {

constexpr std::string_view kMagic("DSPACK1\0", 8);
constexpr uint64_t kCrosses = uint64_t{1} << 63;
constexpr uint64_t kHeader = 40;
constexpr const char* kHint = "make it again with ds-tokenize pack";
static_assert(sizeof(PackPiece) == 16);

template <class T>
std::string_view bytes_of(const std::vector<T>& v) {
  return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(T)};
}

}  // namespace

FileDigest write_pack_plan(const std::string& path, const PackPlan& plan) {
  AtomicFile file(path);
  const uint64_t header[4] = {plan.row | (plan.crosses_documents ? kCrosses : 0), plan.dataset_tokens,
                              plan.rows(), plan.pieces.size()};
  file.write(kMagic);
  file.write({reinterpret_cast<const char*>(header), sizeof header});
  file.write(bytes_of(plan.first_piece));
  file.write(bytes_of(plan.pieces));
  return file.commit();
}

PackPlanFile::PackPlanFile(const std::string& path) : file_(path) {
  if (file_.size() < kHeader || file_.view().substr(0, kMagic.size()) != kMagic) {
    throw data_error(path + ": not a packing plan (it does not begin with DSPACK1)", kHint);
  }
  uint64_t header[4];
  std::memcpy(header, file_.data() + kMagic.size(), sizeof header);
  row_ = header[0] & ~kCrosses;
  crosses_ = (header[0] & kCrosses) != 0;
  dataset_tokens_ = header[1];
  rows_ = header[2];
  const uint64_t count = header[3];
  const __uint128_t due = __uint128_t{kHeader} + 8 * (__uint128_t{rows_} + 1) + __uint128_t{16} * count;
  if (due != file_.size()) {
    throw data_error(fmt::format("{}: {} bytes, but its header claims {} rows and {} pieces", path,
                                 file_.size(), rows_, count),
                     kHint);
  }
  first_ = reinterpret_cast<const uint64_t*>(file_.data() + kHeader);
  pieces_ = reinterpret_cast<const PackPiece*>(first_ + rows_ + 1);
  if (first_[0] != 0 || first_[rows_] != count)
    throw data_error(path + ": the rows do not cover the pieces", kHint);
  for (uint64_t r = 0; r < rows_; ++r) {
    if (first_[r + 1] < first_[r] || first_[r + 1] > count) {
      throw data_error(fmt::format("{}: row {} ends at piece {} of {}", path, r, first_[r + 1], count),
                       kHint);
    }
    if (first_[r + 1] == first_[r]) throw data_error(fmt::format("{}: row {} is empty", path, r), kHint);
    uint64_t room = row_;
    for (const PackPiece& p : pieces(r)) {
      if (p.tokens > room)
        throw data_error(fmt::format("{}: row {} holds over {} tokens", path, r, row_), kHint);
      room -= p.tokens;
      if (p.begin > dataset_tokens_ || p.tokens > dataset_tokens_ - p.begin) {
        throw data_error(
            fmt::format("{}: row {}: tokens {} + {} of {}", path, r, p.begin, p.tokens, dataset_tokens_),
            kHint);
      }
    }
  }
}

std::span<const PackPiece> PackPlanFile::pieces(uint64_t row) const {
  return {pieces_ + first_[row], first_[row + 1] - first_[row]};
}

}  // namespace ds::formats
