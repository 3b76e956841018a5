// Unigram training: many substrings to begin with, expectation-maximisation over all ways to cut each word,
// pruning of what is missed least, until the vocabulary is small enough. The reference's algorithm and its
// constants.
//
// The reference adds up numbers in an order that differs from run to run; here words are sorted, cut into a
// fixed number of parts, and the parts' sums added in order, so that the result is the same for any number of
// threads. A piece keeps the number it had as a seed; `pieces` is the list of those still there.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/parallel.h"
#include "base/utf8.h"
#include "tokenizer/model_trie.h"
#include "tokenizer/train.h"
#include "tokenizer/train_seeds.h"

namespace ds::tokenizer {
namespace {

constexpr uint32_t kUnknown = 0;
constexpr uint64_t kParts = 8;
constexpr double kUnknownPenalty = 10, kLeastExpected = 0.5;

double digamma(double x) {
  double result = 0;
  for (; x < 7; ++x) result -= 1 / x;
  x -= 1.0 / 2;
  const double xx = 1 / x, xx2 = xx * xx, xx4 = xx2 * xx2;
  return result + (std::log(x) + (1.0 / 24) * xx2 - 7.0 / 960 * xx4 + (31.0 / 8064) * xx4 * xx2 -
                   (127.0 / 30720) * xx4 * xx4);
}

double log_sum_exp(double x, double y) {
  const double low = std::min(x, y), high = std::max(x, y);
  return high > low + 50 ? high : high + std::log(std::exp(low - high) + 1);
}

struct Node {
  uint32_t begin, end, id;
  double score;
};

class UnigramTrainer {
 public:
  UnigramTrainer(const WordList& words, const TrainOptions& o, Run& run) : words_(words), o_(o), run_(run) {
    text_.push_back("<UNK>");
    score_.push_back(std::numeric_limits<double>::quiet_NaN());
    std::vector<Seed> seeds = unigram_seeds(words, o.max_piece_length, o.seed_size);
    double sum = 0;
    for (const Seed& s : seeds) sum += s.weight;
    for (Seed& s : seeds) {
      score_.push_back(std::log(s.weight) - std::log(sum));
      text_.push_back(std::move(s.text));
    }
    for (uint32_t id = 0; id < text_.size(); ++id) pieces_.push_back(id);
    alive_.assign(text_.size(), true);
    required_ = required_characters();
    if (required_.size() + o.specials.size() > o.vocab_size) {
      throw usage_error(fmt::format("--vocab-size {} has no room for the {} special tokens and characters",
                                    o.vocab_size, required_.size() + o.specials.size()));
    }
  }

  void train() {
    const size_t wanted = size_t{o_.vocab_size} * 11 / 10;
    run_.progress.start("pieces", "pieces", 0);
    for (;;) {
      for (uint32_t i = 0; i < o_.sub_iterations; ++i) {
        if (run_.stop.requested()) return;
        refresh();
        maximise(expected());
        run_.progress.update(pieces_.size());
      }
      refresh();
      if (pieces_.size() <= wanted) break;
      const size_t before = pieces_.size();
      prune(wanted);
      if (pieces_.size() == before) break;  // nothing can be missed
    }
    run_.progress.finish();
  }

  formats::TokenizerJson result(formats::TokenizerJson shell) const {
    formats::TokenizerModel& m = shell.model;
    m = {};
    m.type = formats::TokenizerModel::Type::unigram;
    m.byte_fallback = o_.byte_fallback;
    const auto unk = std::find(o_.specials.begin(), o_.specials.end(), o_.unk_token);
    const bool add_unk = unk == o_.specials.end();
    std::vector<std::string> first = o_.specials;
    if (add_unk) first.insert(first.begin(), o_.unk_token);
    m.unk_id = add_unk ? 0 : static_cast<uint32_t>(unk - o_.specials.begin());
    if (o_.byte_fallback) {
      for (int b = 0; b < 256; ++b) first.push_back(fmt::format("<0x{:02X}>", b));
    }

    std::vector<std::pair<std::string, double>> last;
    std::set<std::string> taken{text_[kUnknown]};
    std::unordered_map<std::string_view, uint32_t> existing;
    for (const uint32_t id : pieces_) existing.emplace(text_[id], id);
    double penalty = 0;
    for (const std::string& c : required_) {
      const auto it = existing.find(c);
      taken.insert(c);
      if (it != existing.end()) {
        last.emplace_back(c, score_[it->second]);
      } else {
        last.emplace_back(c, least_ + penalty);
        penalty += 0.0001;
      }
    }
    const size_t room = o_.vocab_size > first.size() ? o_.vocab_size - first.size() : 0;
    for (const uint32_t id : pieces_) {
      if (last.size() >= room) break;
      if (!taken.insert(text_[id]).second) continue;
      last.emplace_back(text_[id], score_[id]);
    }
    std::stable_sort(last.begin(), last.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    for (const std::string& s : first) {
      m.tokens.push_back(s);
      m.scores.push_back(0);
    }
    for (auto& [text, score] : last) {
      m.tokens.push_back(std::move(text));
      m.scores.push_back(score);
    }
    m.known.assign(m.tokens.size(), true);
    // A special token that the text spells out may have been learnt, too: its id is then the last one.
    for (const std::string& s : std::set<std::string>(o_.specials.begin(), o_.specials.end())) {
      const auto last_one = std::find(m.tokens.rbegin(), m.tokens.rend(), s);
      shell.added.push_back({.id = static_cast<uint32_t>(m.tokens.rend() - last_one) - 1, .content = s});
    }
    std::sort(shell.added.begin(), shell.added.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    return shell;
  }

 private:
  std::vector<std::string> required_characters() const {
    std::set<char32_t> all(o_.initial_alphabet.begin(), o_.initial_alphabet.end());
    for (size_t i = 0; i < words_.size(); ++i) {
      const std::string_view w = words_.word(i);
      for (const char *p = w.data(), *end = p + w.size(); p < end;) all.insert(next_char(p));
    }
    std::vector<std::string> texts;
    for (const char32_t c : all) append_utf8(texts.emplace_back(), c);
    return texts;
  }

  // The trie has all pieces that were there when it was made: made anew when it is half empty.
  void refresh() {
    least_ = std::numeric_limits<double>::infinity();
    for (const uint32_t id : pieces_) {
      if (score_[id] < least_) least_ = score_[id];
    }
    if (in_trie_ != 0 && pieces_.size() * 2 > in_trie_) return;
    std::vector<std::pair<std::string_view, uint32_t>> keys;
    for (const uint32_t id : pieces_) {
      if (id != kUnknown) keys.emplace_back(text_[id], id);
    }
    in_trie_ = pieces_.size();
    trie_ = Trie(std::move(keys));
  }

  // All tokens that fit into `word`, by where they begin, shorter ones first; and the unknown one.
  void fill(std::string_view word, std::vector<Node>& nodes) const {
    nodes.clear();
    for (uint32_t begin = 0; begin < word.size();) {
      const auto lead = static_cast<uint8_t>(word[begin]);
      const uint32_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      bool single = false;
      trie_.prefixes(word.substr(begin), [&](size_t length, uint32_t id) {
        if (!alive_[id]) return;
        nodes.push_back({begin, begin + static_cast<uint32_t>(length), id, score_[id]});
        single |= length == size;
      });
      if (!single) nodes.push_back({begin, begin + size, kUnknown, least_ - kUnknownPenalty});
      begin += size;
    }
  }

  template <class Work>
  void in_parts(const Work& work) const {
    parallel_for(std::min<int>(run_.threads, kParts), kParts, [&](uint64_t begin, uint64_t end) {
      for (uint64_t part = begin; part < end; ++part) {
        work(part, words_.size() * part / kParts, words_.size() * (part + 1) / kParts);
      }
    });
  }
  std::vector<double> sum_of(std::vector<std::vector<double>>& parts) const {
    for (size_t k = 1; k < parts.size(); ++k) {
      for (size_t i = 0; i < parts[0].size(); ++i) parts[0][i] += parts[k][i];
    }
    return std::move(parts[0]);
  }

  // How often each piece is expected, over all ways to cut the words.
  std::vector<double> expected() const {
    std::vector<std::vector<double>> parts(kParts);
    in_parts([&](uint64_t part, size_t from, size_t to) {
      std::vector<double>& counts = parts[part];
      counts.assign(text_.size(), 0);
      std::vector<Node> nodes;
      std::vector<double> forward, backward;
      std::vector<bool> seen;
      for (size_t w = from; w < to; ++w) {
        const std::string_view word = words_.word(w);
        fill(word, nodes);
        forward.assign(word.size() + 1, 0);
        backward.assign(word.size() + 1, 0);
        seen.assign(word.size() + 1, false);
        for (const Node& n : nodes) {
          const double way = n.score + forward[n.begin];
          forward[n.end] = seen[n.end] ? log_sum_exp(forward[n.end], way) : way;
          seen[n.end] = true;
        }
        for (size_t last = nodes.size(); last > 0;) {
          size_t first = last - 1;
          while (first > 0 && nodes[first - 1].begin == nodes[last - 1].begin) --first;
          double& sum = backward[nodes[first].begin];
          for (size_t k = first; k < last; ++k) {
            const double way = nodes[k].score + backward[nodes[k].end];
            sum = k == first ? way : log_sum_exp(sum, way);
          }
          last = first;
        }
        const double all = forward[word.size()];
        const auto count = static_cast<double>(words_.counts[w]);
        for (const Node& n : nodes) {
          counts[n.id] += count * std::exp(forward[n.begin] + n.score + backward[n.end] - all);
        }
      }
    });
    return sum_of(parts);
  }

  void maximise(const std::vector<double>& counts) {
    double sum = 0;
    std::vector<uint32_t> kept{kUnknown};
    for (const uint32_t id : pieces_) {
      if (id == kUnknown) continue;
      if (counts[id] < kLeastExpected) {
        alive_[id] = false;
        continue;
      }
      kept.push_back(id);
      sum += counts[id];
    }
    const double log_sum = digamma(sum);
    for (const uint32_t id : kept) {
      if (id != kUnknown) score_[id] = digamma(counts[id]) - log_sum;
    }
    pieces_.swap(kept);
  }

  // The best way to cut `word`: pieces, last first.
  void best(std::string_view word, std::vector<Node>& nodes, std::vector<double>& sums,
            std::vector<uint32_t>& from, std::vector<uint32_t>& ids) const {
    fill(word, nodes);
    sums.assign(word.size() + 1, 0);
    from.assign(word.size() + 1, UINT32_MAX);
    for (uint32_t k = 0; k < nodes.size(); ++k) {
      const Node& n = nodes[k];
      const double sum = sums[n.begin] + n.score;
      if (from[n.end] == UINT32_MAX || sum > sums[n.end]) {
        sums[n.end] = sum;
        from[n.end] = k;
      }
    }
    ids.clear();
    for (size_t at = word.size(); at > 0; at = nodes[from[at]].begin) ids.push_back(nodes[from[at]].id);
  }

  // The second best way to cut the text of a piece, if the best is the piece itself.
  struct Alternative {
    bool keep = true;  // the piece is the best way, or the only one
    std::vector<uint32_t> ids;
  };
  Alternative alternative(uint32_t id) const {
    const std::string_view word = text_[id];
    std::vector<Node> nodes;
    fill(word, nodes);
    struct Way {
      double sum = 0;
      uint32_t node = UINT32_MAX, rank = 0;  // last piece, and which way to where it begins
    };
    std::vector<Way> ways((word.size() + 1) * 2);  // the best two to each place
    ways[0].node = 0;
    for (uint32_t k = 0; k < nodes.size(); ++k) {
      const Node& n = nodes[k];
      for (uint32_t rank = 0; rank < 2; ++rank) {
        const Way& before = ways[n.begin * 2 + rank];
        if (before.node == UINT32_MAX) break;
        const Way way{before.sum + n.score, k, rank};
        Way* to = &ways[n.end * 2];
        if (to[0].node == UINT32_MAX || way.sum > to[0].sum) {
          to[1] = to[0];
          to[0] = way;
        } else if (to[1].node == UINT32_MAX || way.sum > to[1].sum) {
          to[1] = way;
        }
      }
    }
    const auto trace = [&](uint32_t rank) {
      std::vector<uint32_t> ids;
      for (size_t at = word.size(); at > 0;) {
        const Way& w = ways[at * 2 + rank];
        ids.push_back(nodes[w.node].id);
        rank = w.rank;
        at = nodes[w.node].begin;
      }
      std::reverse(ids.begin(), ids.end());
      return ids;
    };
    if (ways[word.size() * 2 + 1].node == UINT32_MAX) return {};
    if (trace(0).size() >= 2) return {false, {}};
    return {true, trace(1)};
  }

  void prune(size_t wanted) {
    std::vector<Alternative> alternatives(pieces_.size());
    parallel_for(run_.threads, pieces_.size(), [&](uint64_t begin, uint64_t end) {
      for (uint64_t i = begin; i < end; ++i) {
        if (pieces_[i] != kUnknown) alternatives[i] = alternative(pieces_[i]);
      }
    });
    std::vector<std::vector<double>> parts(kParts);
    in_parts([&](uint64_t part, size_t from, size_t to) {
      parts[part].assign(text_.size(), 0);
      std::vector<Node> nodes;
      std::vector<double> sums;
      std::vector<uint32_t> links, ids;
      for (size_t w = from; w < to; ++w) {
        best(words_.word(w), nodes, sums, links, ids);
        for (const uint32_t id : ids) parts[part][id] += static_cast<double>(words_.counts[w]);
      }
    });
    const std::vector<double> used = sum_of(parts);
    double all_words = 0, sum = 0;
    for (const uint64_t n : words_.counts) all_words += static_cast<double>(n);
    for (const uint32_t id : pieces_) sum += used[id];
    const double log_sum = std::log(sum);

    std::vector<uint32_t> kept{kUnknown};
    std::vector<std::pair<double, uint32_t>> candidates;  // what is lost without the piece
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const uint32_t id = pieces_[i];
      if (id == kUnknown) continue;
      const Alternative& a = alternatives[i];
      if (used[id] == 0 && !a.keep) continue;
      if (a.ids.empty()) {
        kept.push_back(id);
        continue;
      }
      if (used[id] == 0) continue;
      // Were the piece cut as its alternative, each use would become several. The reference up to 0.23 counts
      // them by the number of all pieces, which keeps frequent pieces that others could stand for.
      const size_t more = (o_.sentencepiece_loss ? a.ids.size() : pieces_.size()) - 1;
      const double log_alternative = std::log(sum + used[id] * static_cast<double>(more));
      double alternative_score = 0;
      for (const uint32_t n : a.ids) alternative_score += std::log(used[n] + used[id]) - log_alternative;
      candidates.emplace_back(used[id] / all_words * (std::log(used[id]) - log_sum - alternative_score), id);
    }
    const size_t most =
        std::max(wanted, static_cast<size_t>(static_cast<double>(pieces_.size()) * o_.shrinking_factor));
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [loss, id] : candidates) {
      if (kept.size() >= most) break;
      kept.push_back(id);
    }
    std::fill(alive_.begin(), alive_.end(), false);
    for (const uint32_t id : kept) alive_[id] = true;
    pieces_.swap(kept);
  }

  const WordList& words_;
  const TrainOptions& o_;
  Run& run_;
  std::vector<std::string> text_;  // by number
  std::vector<double> score_;
  std::vector<char> alive_;
  std::vector<uint32_t> pieces_;
  std::vector<std::string> required_;
  Trie trie_;
  size_t in_trie_ = 0;
  double least_ = 0;
};

}  // namespace

formats::TokenizerJson train_unigram(const WordList& words, const TrainOptions& options,
                                     formats::TokenizerJson shell, Run& run) {
  WordList sorted = words;
  sorted.sort();
  UnigramTrainer trainer(sorted, options, run);
  trainer.train();
  return trainer.result(std::move(shell));
}

}  // namespace ds::tokenizer
