// Word counts on disk: sorted runs, and what merges them.
//
// A run is words in the order of their bytes: size and count as 8 bytes each, then the word.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/io.h"
#include "tokenizer/train_words.h"

namespace ds::tokenizer {
namespace {

constexpr size_t kTogether = 128;  // runs that are merged at once: open files, and a buffer for each

class RunWriter {
 public:
  explicit RunWriter(const std::string& path)
      : path_(path), fd_(open_create(path)), out_(fd_.get(), path, size_t{1} << 20) {}
  void write(std::string_view word, uint64_t count) {
    const uint64_t head[2] = {word.size(), count};
    out_.write({reinterpret_cast<const char*>(head), sizeof head});
    out_.write(word);
  }
  void close() {
    out_.flush();
    fd_.close(path_);
  }

 private:
  std::string path_;
  Fd fd_;
  BufferedWriter out_;
};

// A sorted run, read from the front.
class RunReader {
 public:
  explicit RunReader(const std::string& path) : path_(path), fd_(open_read(path)) { next(); }
  bool at_end() const { return ended_; }
  std::string_view word() const { return word_; }
  uint64_t count() const { return count_; }

  void next() {
    uint64_t head[2];
    if (!take(head, sizeof head, true)) {
      ended_ = true;
      return;
    }
    word_.resize(head[0]);
    count_ = head[1];
    take(word_.data(), head[0], false);
  }

 private:
  bool take(void* to, size_t size, bool may_end) {
    auto* out = static_cast<char*>(to);
    while (size > 0) {
      if (at_ == buffer_.size()) {
        buffer_.resize(size_t{1} << 18);
        buffer_.resize(read_some(fd_.get(), buffer_.data(), buffer_.size(), path_));
        at_ = 0;
        if (buffer_.empty()) {
          if (may_end) return false;
          throw io_error(path_ + ": ended too early", "was it changed while training ran?");
        }
      }
      const size_t n = std::min(size, buffer_.size() - at_);
      std::memcpy(out, buffer_.data() + at_, n);
      at_ += n;
      out += n;
      size -= n;
      may_end = false;
    }
    return true;
  }
  std::string path_;
  Fd fd_;
  std::string buffer_, word_;
  size_t at_ = 0;
  uint64_t count_ = 0;
  bool ended_ = false;
};

// use(word, count) for all words of the runs, in order, each word once. The runs are removed.
template <class Use>
void merge_runs(const std::vector<std::string>& paths, const Use& use) {
  std::vector<std::unique_ptr<RunReader>> runs;
  const auto later = [&](size_t a, size_t b) { return runs[a]->word() > runs[b]->word(); };
  std::vector<size_t> heap;
  for (const std::string& path : paths) {
    runs.push_back(std::make_unique<RunReader>(path));
    if (!runs.back()->at_end()) heap.push_back(runs.size() - 1);
  }
  std::make_heap(heap.begin(), heap.end(), later);
  std::string last;
  uint64_t total = 0;
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    RunReader& run = *runs[heap.back()];
    if (total != 0 && run.word() != last) {
      use(last, total);
      total = 0;
    }
    if (total == 0) last = run.word();
    total += run.count();
    run.next();
    if (run.at_end()) {
      heap.pop_back();
    } else {
      std::push_heap(heap.begin(), heap.end(), later);
    }
  }
  if (total != 0) use(last, total);
  runs.clear();
  for (const std::string& path : paths) remove_file(path);
}

WordList from_tables(std::vector<std::unique_ptr<WordCounts>>& counts) {
  WordCounts all;
  for (auto& c : counts) {
    if (all.size() < c->size()) std::swap(all, *c);
    all.lift_limit();
    all.add(*c);
    c.reset();
  }
  return all.list();
}

}  // namespace

void WordCounts::spill() {
  if (used_ == 0) return;
  const std::string path = join_path(folder_, fmt::format("words-{}-{}", number_, runs_.size()));
  RunWriter out(path);
  for (const auto& [w, count] : sorted()) out.write(w, count);
  out.close();
  runs_.push_back(path);
  HugeVector<Slot>().swap(slots_);
  std::vector<char>().swap(arena_);
  used_ = 0;
}

WordList gather_words(std::vector<std::unique_ptr<WordCounts>> counts, uint64_t memory) {
  // Adding up in memory takes a table of all words, which may have to grow.
  uint64_t needed = 0;
  bool on_disk = false;
  for (const auto& c : counts) {
    needed += c->memory() * 3;
    on_disk |= !c->runs().empty();
  }
  if (!on_disk && (memory == 0 || needed <= memory)) return from_tables(counts);
  std::vector<std::string> paths;
  for (auto& c : counts) {
    c->spill();
    paths.insert(paths.end(), c->runs().begin(), c->runs().end());
    c.reset();
  }
  if (paths.empty()) return {};
  // All runs become one on disk: how much room the words need is known before they take it.
  uint64_t words = 0, bytes = 0;
  for (size_t k = 0; k == 0 || paths.size() > 1; ++k) {
    const size_t n = std::min(paths.size(), kTogether);
    const std::vector<std::string> first(paths.begin(), paths.begin() + static_cast<ptrdiff_t>(n));
    const std::string path = fmt::format("{}.merged-{}", first[0], k);
    RunWriter out(path);
    words = bytes = 0;
    merge_runs(first, [&](std::string_view word, uint64_t count) {
      out.write(word, count);
      ++words;
      bytes += word.size();
    });
    out.close();
    paths.erase(paths.begin(), paths.begin() + static_cast<ptrdiff_t>(n));
    paths.push_back(path);
  }
  // What merging needs: a symbol of four bytes for each byte, where it stands, and what that grows to.
  if (memory != 0 && bytes * 9 + words * 24 > memory) {
    throw resource_error(fmt::format("the text has {} different words: too many for --memory", words),
                         "give more memory, or train on a sample");
  }
  WordList list;
  list.bytes.reserve(bytes);
  list.ends.reserve(words);
  list.counts.reserve(words);
  merge_runs(paths, [&](std::string_view word, uint64_t count) { list.push(word, count); });
  return list;
}

WordList gather_words(WordCounts counts) {
  std::vector<std::unique_ptr<WordCounts>> all;
  all.push_back(std::make_unique<WordCounts>(std::move(counts)));
  return gather_words(std::move(all));
}

}  // namespace ds::tokenizer
