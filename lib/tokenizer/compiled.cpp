#include "tokenizer/compiled.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/hash.h"

namespace ds::tokenizer {
namespace {

constexpr char kMagic[8] = {'D', 'S', 'B', 'P',
                            'E', 0,   0,   7};  // the last byte: version of layout and of hashes
constexpr uint32_t kMostWhole = 1u << 20;

enum Section {
  kByteIds,
  kByteRanks,
  kFilter,
  kPairs,
  kMerged,
  kBits,
  kFlags,
  kSeed,
  kSeedFilter,
  kWhole,
  kWholeBytes,
  kExtra,
  kSections
};

size_t aligned(size_t n) { return (n + 63) & ~size_t{63}; }

}  // namespace

struct CompiledBpe::Header {
  char magic[8];
  uint64_t checksum;  // of all that follows
  uint64_t key[3];
  uint64_t size;  // of the block, this header included
  uint64_t begin[kSections], bytes[kSections];
  uint32_t tokens, merges, pair_bits, filter_bits, seed_bits, whole, ordered, consecutive;
  uint32_t unused[2];
};

bool CompiledBpe::attach(const uint8_t* block, size_t size) {
  Header h;
  if (size < sizeof h) return false;
  std::memcpy(&h, block, sizeof h);
  if (std::memcmp(h.magic, kMagic, sizeof kMagic) != 0 || h.size != size) return false;
  for (int s = 0; s < kSections; ++s) {
    if (h.begin[s] % 64 != 0 || h.begin[s] > size || h.bytes[s] > size - h.begin[s]) return false;
  }
  if (h.tokens == 0 || h.tokens >= kMaxTokens || h.merges >= kNoRank || h.pair_bits < 3 || h.pair_bits > 24 ||
      h.filter_bits < 5 || h.filter_bits > 27 || h.seed_bits < 1 || h.seed_bits > 22 ||
      h.whole > kMostWhole) {
    return false;
  }
  if (h.bytes[kByteIds] != 256 * 4 || h.bytes[kByteRanks] != 65536 * 4 ||
      h.bytes[kFilter] != (1ull << h.filter_bits) / 8 || h.bytes[kPairs] != 8ull << h.pair_bits ||
      h.bytes[kMerged] != 4ull * h.merges || h.bytes[kBits] != Adjacency::kBytes ||
      h.bytes[kFlags] != Adjacency::kFlags || h.bytes[kSeed] != sizeof(WordLine) << h.seed_bits ||
      h.bytes[kSeedFilter] != WordCache::kFilterBytes || h.bytes[kWhole] != 12ull * h.whole) {
    return false;
  }
  const auto at = [&](Section s) { return block + h.begin[s]; };
  merges.byte_id = reinterpret_cast<const uint32_t*>(at(kByteIds));
  merges.byte_ranks = reinterpret_cast<const uint32_t*>(at(kByteRanks));
  merges.pairs = reinterpret_cast<const uint64_t*>(at(kPairs));
  merges.pair_bits = h.pair_bits;
  merges.filter = reinterpret_cast<const uint32_t*>(at(kFilter));
  merges.filter_bits = h.filter_bits;
  merges.consecutive = h.consecutive;
  merges.merged = reinterpret_cast<const uint32_t*>(at(kMerged));
  merges.ordered = h.ordered == 1;
  adjacency = {at(kBits), at(kFlags)};
  seed = reinterpret_cast<const WordLine*>(at(kSeed));
  seed_bits = h.seed_bits;
  seed_filter = reinterpret_cast<const uint32_t*>(at(kSeedFilter));
  tokens = h.tokens;
  whole_ = reinterpret_cast<const uint32_t*>(at(kWhole));
  whole_count_ = h.whole;
  whole_bytes_ = reinterpret_cast<const char*>(at(kWholeBytes));
  extra_ = {reinterpret_cast<const char*>(at(kExtra)), h.bytes[kExtra]};
  block_ = block;
  size_ = size;

  // Every number that will be a place or an id.
  uint32_t worst = 0;
  for (int i = 0; i < 256; ++i) worst = std::max(worst, merges.byte_id[i]);
  for (uint32_t i = 0; i < h.merges; ++i) worst = std::max(worst, merges.merged[i]);
  if (h.consecutive != 0) {
    if (h.consecutive > h.tokens || h.merges > h.tokens - h.consecutive) return false;
  }
  uint32_t worst_rank = 0;  // of those that are one
  for (int i = 0; i < 65536; ++i) {
    const uint32_t r = merges.byte_ranks[i];
    worst_rank = std::max(worst_rank, r == kNoRank ? 0 : r + 1);
  }
  uint64_t empty = 0;
  for (size_t i = 0; i < size_t{1} << h.pair_bits; ++i) {
    const uint64_t slot = merges.pairs[i];
    const bool none = slot == UINT64_MAX;
    empty += none;
    worst_rank = std::max(worst_rank, none ? 0 : (static_cast<uint32_t>(slot) & kNoRank) + 1);
    const auto left = static_cast<uint32_t>(slot >> 43),
               right = static_cast<uint32_t>(slot >> 22) & kMaxTokens;
    worst = std::max(worst, none ? 0 : std::max(left, right));
  }
  bool good = worst < h.tokens && worst_rank <= h.merges && empty > 0;
  for (size_t i = 0; i < size_t{1} << h.seed_bits; ++i) {
    for (int way = 0; way < 2; ++way) {
      // Without branches: which places are taken nobody can foresee.
      const WordLine& line = seed[i];
      const uint32_t n = line.ids[way][0] >> 24, id = line.ids[way][0] & WordCache::kMaxId;
      const uint32_t size = line.key[way][15];
      const bool is_mark = (size == 1) & (line.key[way][0] == kTextMark);
      const bool id_fits = (is_mark & (id == WordCache::kMaxId)) | (!is_mark & (id < h.tokens));
      good &= (size == 0) | ((size <= WordCache::kShort) & (n == 1) & id_fits);
    }
  }
  uint32_t mark[16];
  good = good && WordCache(0, {seed, seed_bits, seed_filter}).find(WordCache::key(&kTextMark, 1), mark) == 1;
  for (uint32_t i = 0; i < h.whole; ++i) {
    const uint32_t* w = whole_ + 3 * size_t{i};
    if (w[0] > h.bytes[kWholeBytes] || w[1] == 0 || w[1] > h.bytes[kWholeBytes] - w[0] || w[2] >= h.tokens)
      return false;
    if (i == 0) whole_filter_.assign(8192, 0);
    const unsigned f = filter_place({whole_bytes_ + w[0], w[1]});
    whole_filter_[f >> 3] |= static_cast<uint8_t>(1u << (f & 7));
  }
  return good;
}

std::optional<CompiledBpe> CompiledBpe::make(const BpeSource& source) {
  const auto& tokens = source.tokens;
  const auto& merges = source.merges;
  if (tokens.empty() || tokens.size() >= kMaxTokens || merges.size() >= kNoRank) return std::nullopt;
  uint64_t all_bytes = 0;
  for (const std::string& t : tokens) all_bytes += t.size();
  if (all_bytes > uint64_t{1} << 31) return std::nullopt;

  std::vector<uint32_t> byte_ids(256, UINT32_MAX), byte_ranks(65536, kNoRank);
  for (uint32_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].size() == 1) byte_ids[static_cast<uint8_t>(tokens[id][0])] = id;
  }
  for (const uint32_t id : byte_ids) {
    if (id == UINT32_MAX) return std::nullopt;
  }
  const uint32_t pair_bits = static_cast<uint32_t>(
      std::countr_zero(std::bit_ceil(std::max(merges.size() * 2 + 2, size_t{kPairBucket}))));
  std::vector<uint64_t> pairs(size_t{1} << pair_bits, UINT64_MAX);
  const uint32_t filter_bits =
      std::clamp(static_cast<uint32_t>(std::countr_zero(std::bit_ceil(merges.size() * 16 + 1))), 10u, 22u);
  std::vector<uint32_t> filter(size_t{1} << (filter_bits - 5), 0);
  // Ordered: the highest rank that makes a token is below the lowest that uses it.
  std::vector<uint32_t> made(tokens.size(), 0), used(tokens.size(), UINT32_MAX);  // made: rank + 1
  for (uint32_t rank = 0; rank < merges.size(); ++rank) {
    const auto [left, right] = merges[rank];
    const uint32_t id = source.merged[rank];
    if (left >= tokens.size() || right >= tokens.size() || id >= tokens.size()) return std::nullopt;
    const std::string &l = tokens[left], &r = tokens[right], &whole = tokens[id];
    if (l.empty() || r.empty() || whole.size() != l.size() + r.size() || whole.compare(0, l.size(), l) != 0 ||
        whole.compare(l.size(), r.size(), r) != 0) {
      return std::nullopt;
    }
    made[id] = rank + 1;
    used[left] = std::min(used[left], rank);
    used[right] = std::min(used[right], rank);
    if (l.size() == 1 && r.size() == 1) {
      byte_ranks[static_cast<uint8_t>(l[0]) << 8 | static_cast<uint8_t>(r[0])] = rank;
    }
    const uint64_t key = uint64_t{left} << 21 | right, mask = pairs.size() - 1;
    const uint64_t hash = MergeTables::hash(key), bit = hash >> (64 - filter_bits);
    filter[bit >> 5] |= 1u << (bit & 31);
    uint64_t i = hash & mask & ~(kPairBucket - 1);
    while (pairs[i] != UINT64_MAX && pairs[i] >> 22 != key) i = (i + 1) & mask;
    pairs[i] = key << 22 | rank;  // of repeated pairs the last counts
  }
  bool ordered = true;
  for (size_t id = 0; id < tokens.size(); ++id) ordered &= used[id] == UINT32_MAX || made[id] <= used[id];

  uint32_t consecutive = merges.empty() ? 0 : source.merged[0];
  for (uint32_t rank = 0; rank < merges.size() && consecutive != 0; ++rank) {
    if (source.merged[rank] != consecutive + rank) consecutive = 0;
  }
  const MergeTables table{byte_ids.data(), byte_ranks.data(),    filter.data(), pairs.data(), filter_bits,
                          pair_bits,       source.merged.data(), consecutive,   ordered};
  const AdjacencyTables adjacency = make_adjacency(tokens);
  uint64_t short_words = 0;
  for (const std::string& t : tokens) short_words += !t.empty() && t.size() <= WordCache::kShort;
  const uint32_t seed_bits =
      std::clamp(static_cast<uint32_t>(std::countr_zero(std::bit_ceil(short_words + 2))), 4u, 20u);
  std::vector<WordLine> lines(size_t{1} << seed_bits);
  std::memset(static_cast<void*>(lines.data()), 0, lines.size() * sizeof(WordLine));
  std::vector<std::pair<std::string_view, uint32_t>> whole;
  MergeScratch scratch;
  std::vector<uint32_t> ids;
  std::vector<uint32_t> seed_filter(WordCache::kFilterBytes / 4, 0);
  const auto put = [&](const WordKey16& k, uint32_t id) {
    const uint64_t bit = WordCache::filter_place(WordCache::hash(k.a, k.b));
    seed_filter[bit >> 5] |= 1u << (bit & 31);
    WordCache::put(lines.data(), 64 - seed_bits, k, &id, 1);
  };
  put(WordCache::key(&kTextMark, 1), WordCache::kMaxId);
  for (uint32_t id = 0; id < tokens.size(); ++id) {  // low ids first: they tend to be the frequent ones
    const std::string& t = tokens[id];
    if (t.empty() || (t.size() == 1 && static_cast<uint8_t>(t[0]) == kTextMark)) continue;
    const auto* bytes = reinterpret_cast<const uint8_t*>(t.data());
    ids.resize(std::max(ids.size(), t.size()));
    const bool reached = merge_word(table, bytes, t.size(), ids.data(), scratch) == 1 && ids[0] == id;
    if (!reached && source.ignore_merges) whole.emplace_back(t, id);
    if (!reached || t.size() > WordCache::kShort) continue;
    put(WordCache::key(bytes, t.size()), id);
  }
  if (whole.size() > kMostWhole) return std::nullopt;
  std::sort(whole.begin(), whole.end());
  std::vector<uint32_t> places;
  std::string whole_bytes;
  for (const auto& [word, id] : whole) {
    places.insert(places.end(),
                  {static_cast<uint32_t>(whole_bytes.size()), static_cast<uint32_t>(word.size()), id});
    whole_bytes += word;
  }

  Header h{};
  std::memcpy(h.magic, kMagic, sizeof kMagic);
  h.tokens = static_cast<uint32_t>(tokens.size());
  h.merges = static_cast<uint32_t>(merges.size());
  h.pair_bits = pair_bits;
  h.filter_bits = filter_bits;
  h.consecutive = consecutive;
  h.seed_bits = seed_bits;
  h.whole = static_cast<uint32_t>(whole.size());
  h.ordered = ordered;
  const std::pair<const void*, size_t> parts[kSections] = {
      {byte_ids.data(), byte_ids.size() * 4},
      {byte_ranks.data(), byte_ranks.size() * 4},
      {filter.data(), filter.size() * 4},
      {pairs.data(), pairs.size() * 8},
      {source.merged.data(), source.merged.size() * 4},
      {adjacency.bits.data(), adjacency.bits.size()},
      {adjacency.flags.data(), adjacency.flags.size()},
      {lines.data(), lines.size() * sizeof(WordLine)},
      {seed_filter.data(), WordCache::kFilterBytes},
      {places.data(), places.size() * 4},
      {whole_bytes.data(), whole_bytes.size()},
      {nullptr, 0},
  };
  size_t end = aligned(sizeof h);
  for (int s = 0; s < kSections; ++s) {
    h.begin[s] = end;
    h.bytes[s] = parts[s].second;
    end = aligned(end + parts[s].second);
  }
  h.size = end;
  auto memory = std::make_shared<HugeMemory>(end);
  auto* block = static_cast<uint8_t*>(memory->data());
  std::memcpy(block, &h, sizeof h);
  for (int s = 0; s < kSections; ++s) {
    if (parts[s].second) std::memcpy(block + h.begin[s], parts[s].first, parts[s].second);
  }
  CompiledBpe c;
  c.memory_ = memory;
  if (!c.attach(block, end)) throw internal_error("tables of merges that do not hold together");
  return c;
}

std::optional<uint32_t> CompiledBpe::whole_word(std::string_view word) const {
  uint32_t low = 0, high = whole_count_;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const uint32_t* w = whole_ + 3 * size_t{middle};
    const int order = std::string_view(whole_bytes_ + w[0], w[1]).compare(word);
    if (order == 0) return w[2];
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return std::nullopt;
}

CompiledBpe::Key CompiledBpe::key_of(std::string_view json) {
  const std::array<uint64_t, 2> hash = xxh3_128(json);
  return {hash[0], hash[1], json.size()};
}

std::string CompiledBpe::file_bytes(const Key& key, std::string_view extra) const {
  std::string out(reinterpret_cast<const char*>(block_), size_);
  Header h;
  std::memcpy(&h, block_, sizeof h);
  out.resize(h.begin[kExtra]);
  out += extra;
  out.resize(aligned(out.size()));
  h.bytes[kExtra] = extra.size();
  h.size = out.size();
  h.key[0] = key.a;
  h.key[1] = key.b;
  h.key[2] = key.size;
  std::memcpy(out.data(), &h, sizeof h);
  h.checksum = xxh3(std::string_view(out).substr(16));
  std::memcpy(out.data(), &h, sizeof h);
  return out;
}

std::optional<CompiledBpe> CompiledBpe::open(const std::string& path,
                                             const std::function<Key()>& key_of_source) {
  if constexpr (std::endian::native != std::endian::little) return std::nullopt;
  std::shared_ptr<MappedFile> file;
  try {
    file = std::make_shared<MappedFile>(path);
  } catch (const Error&) {
    return std::nullopt;
  }
  Header h;
  if (file->size() < sizeof h) return std::nullopt;
  std::memcpy(&h, file->data(), sizeof h);
  if (std::memcmp(h.magic, kMagic, sizeof kMagic) != 0 || h.size != file->size()) return std::nullopt;
  const Key key = key_of_source();
  if (h.key[0] != key.a || h.key[1] != key.b || h.key[2] != key.size) return std::nullopt;
  if (h.checksum != xxh3(file->view().substr(16))) return std::nullopt;
  CompiledBpe c;
  c.memory_ = file;
  if (!c.attach(file->data(), file->size())) return std::nullopt;
  return c;
}

}  // namespace ds::tokenizer
