// The model of a tokenizer.json: nearly all of the file. The vocabulary and the merges are read as they come.
#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/tokenizer_json_source.h"

namespace ds::formats {
namespace {

constexpr size_t kMaxGap = 1 << 16;  // reserved ids without a token, as OpenAI's vocabularies have a few of

struct ModelReader : TokenizerSource {
  TokenizerModel& m;
  TokenIndex& index;
  size_t entries = 0;  // of the vocabulary
  bool index_made = false;
  std::string merged{};  // room for what a merge makes

  // {"token": id, …}: nearly always by ascending id.
  void vocab() {
    std::vector<std::pair<uint32_t, std::string>> strays;
    uint32_t highest = 0;
    r.object([&](std::string_view token) {
      const bool plain = r.kind() == Kind::number;
      const size_t at = r.at();
      const auto n = plain ? r.natural() : std::nullopt;
      if (!n || *n > kMaxTokenId) {
        r.go(at);
        const std::string field = fmt::format("model.vocab[{}]", in_quotes(token));
        bad(field, fmt::format("an id up to {}", kMaxTokenId));
      }
      const auto id = static_cast<uint32_t>(*n);
      highest = std::max(highest, id);
      if (id == m.tokens.size()) {
        m.tokens.emplace_back(token);
      } else {
        strays.emplace_back(id, token);
      }
    });
    entries = m.tokens.size() + strays.size();
    if (highest > 2 * entries + kMaxGap)
      refuse(name, "model.vocab", fmt::format("id {} among {} tokens", highest, entries),
             "ids without great gaps");
    m.known.assign(m.tokens.size(), true);
    if (entries > 0 && m.tokens.size() <= highest) {
      m.tokens.resize(highest + 1);
      m.known.resize(highest + 1, false);
    }
    for (auto& [id, token] : strays) {
      if (m.known[id]) {
        refuse(name, fmt::format("model.vocab[{}]", in_quotes(token)),
               fmt::format("id {}, which {} has", id, in_quotes(m.tokens[id])), "an id of its own");
      }
      m.tokens[id] = std::move(token);
      m.known[id] = true;
    }
    make_index(false);
  }

  // [["token", score], …]
  void scored_vocab() {
    std::string room;
    r.array([&](uint64_t i) {
      const auto field = [&] { return fmt::format("model.vocab[{}]", i); };
      if (i > kMaxTokenId) refuse(name, field(), "more tokens", fmt::format("at most {}", kMaxTokenId + 1));
      const size_t at = r.at();
      bool good = r.kind() == Kind::array;
      if (good) {
        r.array([&](uint64_t k) {
          const Kind kind = r.kind();
          if (k == 0 && kind == Kind::string) {
            m.tokens.emplace_back(r.string(room));
          } else if (k == 1 && kind == Kind::number && good) {
            m.scores.push_back(json_double(r.number()));
            good = std::isfinite(m.scores.back());
          } else {
            good = false;
            r.skip();
          }
        });
      }
      if (!good || m.scores.size() != m.tokens.size() || m.scores.size() != i + 1) {
        r.go(at);
        bad(field(), "a token and its score");
      }
    });
    entries = m.tokens.size();
    m.known.assign(entries, true);
    make_index(true);
  }

  // Of a token that `repeats` the last id counts, as in the reference's map from tokens to ids.
  void make_index(bool repeats) {
    index = TokenIndex(m.tokens.size());
    constexpr size_t kAhead = 16;
    uint64_t hashes[kAhead];
    for (size_t done = 0; done < m.tokens.size(); done += kAhead) {
      const size_t n = std::min(kAhead, m.tokens.size() - done);
      for (size_t i = 0; i < n; ++i) index.prefetch(hashes[i] = TokenIndex::hash(m.tokens[done + i]));
      for (size_t i = 0; i < n; ++i) {
        const auto id = static_cast<uint32_t>(done + i);
        if (repeats) {
          index.put(m.tokens, id, hashes[i]);
          continue;
        }
        if (!m.known[id] || index.add(m.tokens, id, hashes[i])) continue;
        refuse(name, fmt::format("model.vocab[{}]", in_quotes(m.tokens[id])),
               fmt::format("it twice, with the ids {} and {}", *index.find(m.tokens, m.tokens[id]), id),
               "it once");
      }
    }
    index_made = true;
  }

  // A merge as it is read. Tokens are looked up a batch at a time, when their places in the index are at
  // hand.
  struct Merge {
    uint64_t number;
    std::string_view parts[2];
    std::string rooms[2];
    uint64_t hashes[2];
  };
  static constexpr size_t kBatch = 16;

  void merges() {
    if (r.kind() != Kind::array) bad("model.merges", "a list");
    Merge batch[kBatch];
    size_t count = 0;
    r.array([&](uint64_t i) {
      Merge& merge = batch[count];
      if (!read_merge(merge, i)) return;
      for (size_t k = 0; k < 2; ++k) index.prefetch(merge.hashes[k] = TokenIndex::hash(merge.parts[k]));
      if (++count < kBatch) return;
      add_merges(batch, count);
      count = 0;
    });
    add_merges(batch, count);
  }

  // False for the first line of a merges.txt, which old files have.
  bool read_merge(Merge& merge, uint64_t i) {
    merge.number = i;
    const Kind kind = r.kind();
    const size_t at = r.at();
    size_t count = 0;
    if (kind == Kind::array) {
      r.array([&](uint64_t k) {
        if (k < 2 && r.kind() == Kind::string) {
          merge.parts[k] = r.string(merge.rooms[k]);
          ++count;
        } else {
          r.skip();
          count = 3;
        }
      });
    } else if (kind == Kind::string) {
      const std::string_view line = r.string(merge.rooms[0]);
      if (line.starts_with("#version")) return false;
      const size_t space = line.find(' ');
      if (space != line.npos && line.find(' ', space + 1) == line.npos) {
        merge.parts[0] = line.substr(0, space);
        merge.parts[1] = line.substr(space + 1);
        count = 2;
      }
    }
    if (count != 2) {
      r.go(at);
      bad(fmt::format("model.merges[{}]", i), "a pair of tokens");
    }
    return true;
  }

  void add_merges(const Merge* batch, size_t count) {
    const size_t cut = m.continuing_subword_prefix ? m.continuing_subword_prefix->size() : 0;
    for (size_t i = 0; i < count; ++i) {
      for (const uint64_t hash : batch[i].hashes) index.prefetch_token(m.tokens, hash);
    }
    for (const Merge* merge = batch; merge < batch + count; ++merge) {
      const auto field = [&] { return fmt::format("model.merges[{}]", merge->number); };
      const auto [left, right] = merge->parts;
      const auto a = index.find(m.tokens, left, merge->hashes[0]),
                 b = index.find(m.tokens, right, merge->hashes[1]);
      if (!a || !b) refuse(name, field(), in_quotes(a ? right : left), "a token of the vocabulary");
      merged.assign(left).append(right.substr(std::min(cut, right.size())));
      // Trainers number tokens in the order of their merges.
      const uint32_t guess = m.merged.empty() ? 0 : m.merged.back() + 1;
      std::optional<uint32_t> id;
      if (guess < m.tokens.size() && m.known[guess] && m.tokens[guess] == merged) {
        id = guess;
      } else {
        id = index.find(m.tokens, merged);
      }
      if (!id)
        refuse(name, field(), "a merge to " + in_quotes(merged), "a merge to a token of the vocabulary");
      m.merges.emplace_back(*a, *b);
      m.merged.push_back(*id);
    }
  }

  void model() {
    using Type = TokenizerModel::Type;
    std::string type;
    bool has_unk_id = false, has_longest = false, has_merges = false, merges_read = false,
         prefix_read = false;
    Kind vocab_kind = Kind::null;
    size_t merges_at = 0;
    members("model", [&](std::string_view key) {
      if (key == "type") {
        type = text("model.type");
      } else if (key == "dropout") {
        if (r.kind() == Kind::null) return r.null();
        const size_t at = r.at();
        m.dropout = number("model.dropout");
        if (!(*m.dropout >= 0 && *m.dropout <= 1)) {
          r.go(at);
          bad("model.dropout", "a number from 0 to 1");
        }
      } else if (key == "unk_token") {
        m.unk_token = optional_text("model.unk_token");
      } else if (key == "continuing_subword_prefix") {
        m.continuing_subword_prefix = optional_text("model.continuing_subword_prefix");
        prefix_read = true;
      } else if (key == "end_of_word_suffix") {
        m.end_of_word_suffix = optional_text("model.end_of_word_suffix");
      } else if (key == "fuse_unk") {
        m.fuse_unk = flag("model.fuse_unk");
      } else if (key == "byte_fallback") {
        m.byte_fallback = flag("model.byte_fallback");
      } else if (key == "ignore_merges") {
        m.ignore_merges = flag("model.ignore_merges");
      } else if (key == "unk_id") {
        has_unk_id = true;
        if (r.kind() == Kind::null) return r.null();
        m.unk_id = id("model.unk_id");
      } else if (key == "max_input_chars_per_word") {
        has_longest = true;
        m.max_input_chars_per_word =
            natural("model.max_input_chars_per_word", UINT32_MAX, "a number, 0 or more");
      } else if (key == "vocab") {
        vocab_kind = r.kind();
        if (vocab_kind == Kind::object) {
          vocab();
        } else if (vocab_kind == Kind::array) {
          scored_vocab();
        } else {
          bad("model.vocab", "an object of ids by token, or a list of tokens and scores");
        }
      } else if (key == "merges") {
        has_merges = true;
        if (index_made && prefix_read) {
          merges_read = true;
          return merges();
        }
        r.kind();
        merges_at = r.at();
        r.skip();
      } else {
        r.skip();
      }
    });
    static constexpr std::pair<const char*, Type> kTypes[] = {{"BPE", Type::bpe},
                                                              {"Unigram", Type::unigram},
                                                              {"WordPiece", Type::wordpiece},
                                                              {"WordLevel", Type::wordlevel}};
    if (type.empty()) {  // as files of 2020 have it
      type = has_unk_id ? "Unigram" : has_longest ? "WordPiece" : has_merges ? "BPE" : "WordLevel";
    }
    const auto it =
        std::find_if(std::begin(kTypes), std::end(kTypes), [&](const auto& t) { return type == t.first; });
    if (it == std::end(kTypes))
      refuse(name, "model.type", in_quotes(type), "one of BPE, Unigram, WordPiece, WordLevel");
    m.type = it->second;
    const bool list = m.type == Type::unigram;
    if (vocab_kind != (list ? Kind::array : Kind::object)) {
      refuse(name, "model.vocab",
             vocab_kind == Kind::null ? "nothing"
             : list                   ? "an object"
                                      : "a list",
             list ? "a list of tokens and scores" : "an object of ids by token");
    }
    if (m.type == Type::bpe) {
      if (!has_merges) refuse(name, "model.merges", "nothing", "a list");
      if (!merges_read) {
        const size_t here = r.at();
        r.go(merges_at);
        merges();
        r.go(here);
      }
    } else {
      m.merges.clear();
      m.merged.clear();
    }
    if (m.type == Type::wordpiece || m.type == Type::wordlevel) {
      if (!m.unk_token) refuse(name, "model.unk_token", "nothing", "a string");
    }
    if (m.type == Type::wordpiece && !m.continuing_subword_prefix) m.continuing_subword_prefix = "##";
    if (m.unk_id && *m.unk_id >= m.tokens.size())
      refuse(name, "model.unk_id", std::to_string(*m.unk_id), fmt::format("an id below {}", m.tokens.size()));
  }
};

}  // namespace

std::string in_quotes(std::string_view token) {
  return nlohmann::json(std::string(token)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

size_t read_model(TokenizerSource& source, TokenizerModel& model, TokenIndex& index) {
  ModelReader reader{source, model, index};
  reader.model();
  source.r.go(reader.r.at());
  return reader.entries;
}

}  // namespace ds::formats
