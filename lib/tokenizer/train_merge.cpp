// How the loop stays fast: every word is in one array of cells, and a pair knows the cells where it stands,
// so a merge touches nothing but the cells round its occurrences, in ascending order. What its neighbours
// gain and lose is summed in tables by neighbour; then each pair that changed is looked up once.
//
// A token of n cells is: its id; if n > 1, n with a flag in its second and in its last cell (one cell when n
// is 2). So both neighbours of any token are found in one step, and a cell without the flag is where a token
// begins. Lists are not kept up to date: a place where the pair no longer stands is passed over.
//
// A queue holds pairs by count, smaller ids first on ties; a top whose count is stale gets its true count and
// goes back. Habits of the reference that show in the merges: a merged pair keeps its count; a pair that
// forms again gets a second entry in the queue, and from then on each of its entries merges all that its
// words hold; a token string that exists keeps its id.
#include "tokenizer/train_merge.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "tokenizer/train_pairs.h"

namespace ds::tokenizer {
namespace {

constexpr uint32_t kFlag = 0x80000000, kBoundary = TrainCells::kBoundary;
constexpr uint64_t pair_of(uint32_t left, uint32_t right) { return uint64_t{left} << 32 | right; }

class MergeLoop {
 public:
  MergeLoop(TrainCells cells, TrainVocabulary& vocabulary, const MergeOptions& options)
      : options_(options),
        vocabulary_(vocabulary),
        cells_(std::move(cells.cells)),
        runs_(std::move(cells.runs)),
        tokens_left_(cells.tokens),
        limited_(options.max_token_length != UINT64_MAX) {
    run_of_page_.resize((cells_.size() >> kPageBits) + 1);
    for (size_t page = 0, r = 0; page < run_of_page_.size(); ++page) {
      while (r + 1 < runs_.size() && runs_[r].end <= page << kPageBits) ++r;
      run_of_page_[page] = static_cast<uint32_t>(r);
    }
    first_pairs();
  }

  std::vector<TrainedMerge> run(Run& run) {
    std::vector<TrainedMerge> merges;
    run.progress.start("merges", "entries", options_.vocab_size);
    PairEntry top;
    uint32_t rounds = 0;
    while (vocabulary_.tokens.size() < options_.vocab_size && tokens_left_ > options_.stop_at_tokens &&
           queue_.pop(top)) {
      if (++rounds % 1024 == 0) {
        if (run.stop.requested()) break;
        run.progress.update(vocabulary_.tokens.size());
      }
      const PairTable::Slot& slot = pairs_.at(top.pair);
      const auto now = static_cast<uint64_t>(slot.count);  // below 0 it is very large, as in the reference
      if (top.count != now) {
        top.count = now;
        queue_.push(top);
        continue;
      }
      if (top.count < std::max<uint64_t>(1, options_.min_frequency)) break;
      merges.push_back(merge(top, slot.lists > 1));
    }
    run.progress.finish();
    return merges;
  }

 private:
  static constexpr unsigned kPageBits = 6;

  // Token walking.
  uint32_t size_at(uint32_t p) const { return cells_[p + 1] & kFlag ? cells_[p + 1] & ~kFlag : 1; }
  uint32_t size_before(uint32_t p) const { return cells_[p - 1] & kFlag ? cells_[p - 1] & ~kFlag : 1; }

  // The count of the word at `p`, for ascending places: `r` is where the last one was.
  int64_t count_at(uint32_t p, size_t& r) const {
    if (runs_[r].end <= p) {
      r = std::max<size_t>(r, run_of_page_[p >> kPageBits]);
      while (runs_[r].end <= p) ++r;
    }
    return runs_[r].count;
  }

  void first_pairs() {
    const size_t n = vocabulary_.tokens.size();
    const bool dense = n <= 2048;  // a table of all pairs of symbols
    std::vector<uint32_t> numbers(dense ? n * n : 0, UINT32_MAX);
    std::unordered_map<uint64_t, uint32_t> sparse;
    struct First {
      uint64_t pair;
      int64_t count = 0;
      uint64_t size = 0, begin = 0;
    };
    std::vector<First> firsts;
    const auto number = [&](uint32_t left, uint32_t right) {
      uint32_t& k = dense ? numbers[left * n + right]
                          : sparse.try_emplace(pair_of(left, right), UINT32_MAX).first->second;
      if (k == UINT32_MAX) {
        k = static_cast<uint32_t>(firsts.size());
        firsts.push_back({pair_of(left, right)});
      }
      return k;
    };
    const auto each = [&](const auto& use) {
      size_t r = 0;
      for (uint32_t p = 0; p + 1 < cells_.size(); ++p) {
        if (cells_[p] == kBoundary || cells_[p + 1] == kBoundary) continue;
        while (runs_[r].end <= p) ++r;
        use(p, firsts[number(cells_[p], cells_[p + 1])], runs_[r].count);
      }
    };
    each([&](uint32_t, First& f, int64_t count) {
      f.count += count;
      ++f.size;
    });
    uint64_t total = 0;
    for (First& f : firsts) {
      f.begin = total;
      total += f.size;
    }
    pool_.reserve(std::max<size_t>(total + total / 2, options_.pair_places + options_.pair_places / 4));
    pool_.resize(total);
    std::vector<uint64_t> to(firsts.size());
    for (size_t k = 0; k < firsts.size(); ++k) to[k] = firsts[k].begin;
    each([&](uint32_t p, First& f, int64_t) { pool_[to[static_cast<size_t>(&f - firsts.data())]++] = p; });
    pairs_.reserve_more(firsts.size());
    for (const First& f : firsts) enqueue(f.pair, f.count, f.begin, f.size);
    compact_when();
  }

  // A pair's count changes by `gain`, and these are new places of it.
  void enqueue(uint64_t pair, int64_t gain, uint64_t begin, uint64_t size) {
    PairTable::Slot& slot = pairs_.at(pair);
    slot.count += gain;
    list(slot, begin, size);
  }
  void list(PairTable::Slot& slot, uint64_t begin, uint64_t size) {
    if (size > UINT32_MAX) throw resource_error("a pair with more than 4 billion places");
    if (slot.lists < 2) ++slot.lists;
    if (slot.count > 0) {
      queue_.push({static_cast<uint64_t>(slot.count), slot.pair, begin, static_cast<uint32_t>(size)});
    }
  }

  // What the pairs with one neighbour lose and gain in a merge.
  struct Change {
    uint32_t neighbour, places = 0;  // places where the new pair begins
    int64_t loss = 0, gain = 0;
    uint64_t end = 0;  // in the pool: where its next place goes
    PairTable::Slot* gained = nullptr;
  };
  struct Side {
    std::vector<uint32_t> of;  // by neighbour: 1 + which change, or 0
    std::vector<Change> changes;
    std::vector<std::pair<uint32_t, uint32_t>> found;  // which change, place

    uint32_t at(uint32_t neighbour) {
      uint32_t& k = of[neighbour];
      if (k == 0) {
        changes.push_back({neighbour});
        k = static_cast<uint32_t>(changes.size());
      }
      return k - 1;
    }
    void gain(uint32_t k, int64_t count, uint32_t place) {
      changes[k].gain += count;
      ++changes[k].places;
      found.emplace_back(k, place);
    }
  };

  // The place `p` holds the pair: makes it one token.
  void merge_at(uint32_t p, uint32_t q, uint32_t id, int64_t count) {
    const uint32_t after = q + size_at(q), size = after - p;
    if (const uint32_t x = cells_[p - 1]; x != kBoundary) {
      const uint32_t x_size = size_before(p);
      const uint32_t left = cells_[p - x_size];
      const uint32_t k = left_.at(left);
      left_.changes[k].loss += count;
      if (!limited_ || uint64_t{x_size} + size < options_.max_token_length) left_.gain(k, count, p - x_size);
    }
    if (const uint32_t y = cells_[after]; y != kBoundary) {
      const uint32_t k = right_.at(y);
      right_.changes[k].loss += count;
      if (!limited_ || uint64_t{size_at(after)} + size < options_.max_token_length) {
        // (id, id) has one list, that of its left side.
        if (y == id) {
          left_.gain(left_.at(y), count, p);
        } else {
          right_.gain(k, count, p);
        }
      }
    }
    cells_[q] = kFlag;  // a token no longer begins here
    cells_[p] = id;
    cells_[p + 1] = cells_[after - 1] = kFlag | size;
    tokens_left_ -= static_cast<uint64_t>(count);
  }

  TrainedMerge merge(const PairEntry& top, bool whole_words) {
    const auto left = static_cast<uint32_t>(top.pair >> 32), right = static_cast<uint32_t>(top.pair);
    std::string token = vocabulary_.tokens[left];
    const std::string& rest = vocabulary_.tokens[right];
    token += !options_.continuing_prefix.empty() && rest.starts_with(options_.continuing_prefix)
                 ? rest.substr(options_.continuing_prefix.size())
                 : rest;
    const auto [id, is_new] = vocabulary_.add(token);
    if (!is_new && limited_)
      whole_words_ = true;  // a token of two lengths: some places of its pairs may be unlisted
    if (vocabulary_.tokens.size() > left_.of.size()) {
      left_.of.resize(vocabulary_.tokens.size() + 1024);
      right_.of.resize(left_.of.size());
    }
    const uint32_t* const places = pool_.data() + top.begin;
    size_t r = 0;
    constexpr uint32_t kAhead = 8;
    if (whole_words || whole_words_) {
      uint32_t done = 0;  // behind the last word that was looked through
      for (uint32_t i = 0; i < top.size; ++i) {
        uint32_t p = places[i];
        if (p < done) continue;
        while (cells_[p - 1] != kBoundary) --p;
        for (; cells_[p] != kBoundary; p += size_at(p)) {
          const uint32_t q = p + size_at(p);
          if (cells_[p] == left && cells_[q] == right) merge_at(p, q, id, count_at(p, r));
        }
        done = p;
      }
    } else {
      for (uint32_t i = 0; i < top.size; ++i) {
        if (i + kAhead < top.size) __builtin_prefetch(&cells_[places[i + kAhead]]);
        const uint32_t p = places[i];
        if (cells_[p] != left) continue;
        const uint32_t q = p + size_at(p);
        if (cells_[q] == right) merge_at(p, q, id, count_at(p, r));
      }
    }
    settle(left, right, id);
    if (pool_.size() > compact_at_) compact();
    return {left, right, id};
  }

  void settle(uint32_t left, uint32_t right, uint32_t id) {
    pairs_.reserve_more((left_.changes.size() + right_.changes.size()) * 2);  // slots stay where they are
    for (const Change& c : left_.changes) {
      pairs_.prefetch(pair_of(c.neighbour, left));
      pairs_.prefetch(pair_of(c.neighbour, id));
    }
    for (const Change& c : right_.changes) {
      pairs_.prefetch(pair_of(right, c.neighbour));
      pairs_.prefetch(pair_of(id, c.neighbour));
    }
    uint64_t total = pool_.size();
    const auto apply = [&](Change& c, uint64_t lost, uint64_t gained) {
      if (c.loss != 0) pairs_.at(lost).count -= c.loss;
      if (c.gain != 0) {
        c.gained = &pairs_.at(gained);
        c.gained->count += c.gain;
      }
      c.end = total;
      total += c.places;
    };
    for (Change& c : left_.changes) apply(c, pair_of(c.neighbour, left), pair_of(c.neighbour, id));
    for (Change& c : right_.changes) apply(c, pair_of(right, c.neighbour), pair_of(id, c.neighbour));
    pool_.resize(total);
    for (Side* side : {&left_, &right_}) {
      for (const auto& [k, p] : side->found) pool_[side->changes[k].end++] = p;
      for (const Change& c : side->changes) {
        if (c.gained != nullptr) list(*c.gained, c.end - c.places, c.places);
        side->of[c.neighbour] = 0;
      }
      side->changes.clear();
      side->found.clear();
    }
  }

  // Forgets places where pairs no longer stand, and lists of no entry, within the pool itself: entries are
  // met in the order of their lists, because each list's first place, kept in its entry meanwhile, has made
  // room for the entry's number. Entries that merge whole words keep all places.
  void compact() {
    std::vector<PairEntry*> entries;
    queue_.each([&](PairEntry& e) {
      if (e.size == 0) return;
      const uint32_t first = pool_[e.begin];
      pool_[e.begin] = kFlag | static_cast<uint32_t>(entries.size());
      e.begin = first;
      entries.push_back(&e);
    });
    if (entries.size() >= kFlag) throw resource_error("more than 2 billion pairs");
    uint64_t to = 0;
    for (uint64_t from = 0; from < pool_.size();) {
      if ((pool_[from] & kFlag) == 0) {
        ++from;
        continue;
      }
      PairEntry& e = *entries[pool_[from] & ~kFlag];
      pool_[from] = static_cast<uint32_t>(e.begin);
      const auto left = static_cast<uint32_t>(e.pair >> 32), right = static_cast<uint32_t>(e.pair);
      const bool all = whole_words_ || pairs_.at(e.pair).lists > 1;
      const uint64_t end = from + e.size;
      e.begin = to;
      for (; from < end; ++from) {
        const uint32_t p = pool_[from];
        if (all || (cells_[p] == left && cells_[p + size_at(p)] == right)) pool_[to++] = p;
      }
      e.size = static_cast<uint32_t>(to - e.begin);
    }
    pool_.resize(to);
    compact_when();
  }
  void compact_when() {
    compact_at_ = std::max<size_t>(pool_.size() + pool_.size() / 4, options_.pair_places);
    // Room behind it is used by what the last merge adds.
    if (pool_.capacity() < compact_at_) pool_.reserve(compact_at_ + compact_at_ / 8);
  }

  const MergeOptions& options_;
  TrainVocabulary& vocabulary_;
  HugeVector<uint32_t> cells_;
  std::vector<TrainCells::Run> runs_;
  std::vector<uint32_t> run_of_page_;
  uint64_t tokens_left_;
  bool limited_, whole_words_ = false;
  PairTable pairs_;
  PairQueue queue_;
  Side left_, right_;
  HugeVector<uint32_t> pool_;  // places of the entries
  size_t compact_at_ = 0;
};

}  // namespace

std::pair<uint32_t, bool> TrainVocabulary::add(const std::string& token) {
  const auto [it, is_new] = ids.emplace(token, static_cast<uint32_t>(tokens.size()));
  if (is_new) tokens.push_back(token);
  return {it->second, is_new};
}

void TrainCells::begin(uint64_t symbols, uint64_t words) {
  if (symbols + words + 2 >= kBoundary) {
    throw resource_error("the different words of the text have more than 2 billion letters together",
                         "train on a sample of the text");
  }
  cells.reserve(symbols + words + 2);
  cells.push_back(kBoundary);
}

void TrainCells::end_word(int64_t count) {
  cells.push_back(kBoundary);
  const auto end = static_cast<uint32_t>(cells.size());
  if (!runs.empty() && runs.back().count == count) {
    runs.back().end = end;
  } else {
    runs.push_back({end, count});
  }
}

std::vector<TrainedMerge> train_merges(TrainCells cells, TrainVocabulary& vocabulary,
                                       const MergeOptions& options, Run& run) {
  if (cells.runs.empty()) return {};
  cells.cells.push_back(TrainCells::kBoundary);  // so that one may look behind the last token
  return MergeLoop(std::move(cells), vocabulary, options).run(run);
}

}  // namespace ds::tokenizer
