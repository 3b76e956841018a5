#include "tokenizer/regex.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "base/utf8.h"
#include "tokenizer/regex_parse.h"

namespace ds::tokenizer {
namespace {

enum class Op : uint8_t {
  set,        // a: set
  loop,       // a: set, min, max; greedy
  lazy_loop,  // a: set, min, max
  split,      // tries a, then b
  jump,       // to a
  mark,       // remembers the place in register a
  check,      // goes to b when nothing was read since mark a
  atomic,     // what follows, to its `match`, once; then goes on at a
  look,       // what follows, to its `match`; then goes on at a from here; negative when b
  behind,     // like look, ending here; min and max characters long
  match,
  line_begin,
  line_end,
  text_begin,
  text_end,
  last_line_end,
  word_edge,
  no_word_edge
};

struct Inst {
  Op op;
  uint32_t a = 0, b = 0, min = 0, max = 0;
};

constexpr uint32_t kUnlimited = RegexNode::kUnlimited;
constexpr size_t kMostInstructions = 100000;

const char* back_one(const char* p) {
  do --p;
  while ((static_cast<unsigned char>(*p) & 0xC0) == 0x80);
  return p;
}

}  // namespace

struct Regex::Program {
  std::vector<Inst> code;
  std::vector<CharSet> sets;
  std::map<CharRanges, uint32_t> set_numbers;
  uint32_t registers = 0;
  bool empty = false;             // may match nothing
  std::array<bool, 256> first{};  // bytes that a match can begin with; unless it may be empty
  CharSet word{*property("word")};

  explicit Program(const RegexNode& root) {
    emit(root);
    add({Op::match});
    empty = nullable(root);
    if (empty) {
      first.fill(true);
    } else {
      first_bytes(root);
      std::fill(first.begin() + 0x80, first.begin() + 0xC0, false);  // no character begins so
    }
    set_numbers.clear();
  }

 private:
  uint32_t add(Inst i) {
    if (code.size() >= kMostInstructions) {
      throw data_error("regular expression: too large: its repeats make more than 100000 instructions");
    }
    code.push_back(i);
    return static_cast<uint32_t>(code.size() - 1);
  }
  uint32_t here() const { return static_cast<uint32_t>(code.size()); }

  uint32_t set_number(const CharRanges& r) {
    const auto [it, is_new] = set_numbers.emplace(r, static_cast<uint32_t>(sets.size()));
    if (is_new) {
      if (sets.size() >= 1000)
        throw data_error("regular expression: more than 1000 different character sets");
      sets.emplace_back(r);
    }
    return it->second;
  }

  static bool nullable(const RegexNode& n) {
    switch (n.kind) {
      case RegexNode::Kind::set:
        return false;
      case RegexNode::Kind::sequence:
        return std::all_of(n.parts.begin(), n.parts.end(), nullable);
      case RegexNode::Kind::either:
        return std::any_of(n.parts.begin(), n.parts.end(), nullable);
      case RegexNode::Kind::repeat:
        return n.min == 0 || nullable(n.parts[0]);
      case RegexNode::Kind::atomic:
        return nullable(n.parts[0]);
      default:
        return true;
    }
  }

  // Adds the bytes that `n` can begin with; true when what follows can begin the match too.
  bool first_bytes(const RegexNode& n) {
    switch (n.kind) {
      case RegexNode::Kind::set:
        for (const auto& [from, to] : n.set) {
          if (from > to) continue;
          std::string a, b;
          append_utf8(a, from);
          append_utf8(b, to);
          for (int c = static_cast<unsigned char>(a[0]); c <= static_cast<unsigned char>(b[0]); ++c) {
            first[static_cast<size_t>(c)] = true;
          }
        }
        return false;
      case RegexNode::Kind::sequence:
        for (const RegexNode& part : n.parts) {
          if (!first_bytes(part)) return false;
        }
        return true;
      case RegexNode::Kind::either: {
        bool through = false;
        for (const RegexNode& part : n.parts) through |= first_bytes(part);
        return through;
      }
      case RegexNode::Kind::repeat:
        return first_bytes(n.parts[0]) || n.min == 0;
      case RegexNode::Kind::atomic:
        return first_bytes(n.parts[0]);
      default:
        return true;
    }
  }

  void emit(const RegexNode& n) {
    using Kind = RegexNode::Kind;
    switch (n.kind) {
      case Kind::empty:
        return;
      case Kind::set:
        add({Op::set, set_number(n.set)});
        return;
      case Kind::sequence:
        for (const RegexNode& part : n.parts) emit(part);
        return;
      case Kind::either: {
        std::vector<uint32_t> ends;
        for (size_t i = 0; i < n.parts.size(); ++i) {
          if (i + 1 == n.parts.size()) {
            emit(n.parts[i]);
            break;
          }
          const uint32_t split = add({Op::split});
          code[split].a = here();
          emit(n.parts[i]);
          ends.push_back(add({Op::jump}));
          code[split].b = here();
        }
        for (const uint32_t end : ends) code[end].a = here();
        return;
      }
      case Kind::repeat:
        return repeat(n);
      case Kind::atomic:
        return inner({Op::atomic}, n.parts[0]);
      case Kind::look: {
        Inst i{n.ahead ? Op::look : Op::behind, 0, n.negative};
        if (!n.ahead) {
          i.min = shortest(n.parts[0]);
          i.max = longest(n.parts[0]);
          if (i.max > 10000) {
            throw data_error("regular expression: look-behind of unlimited length is not supported");
          }
        }
        return inner(i, n.parts[0]);
      }
      case Kind::line_begin:
        add({Op::line_begin});
        return;
      case Kind::line_end:
        add({Op::line_end});
        return;
      case Kind::text_begin:
        add({Op::text_begin});
        return;
      case Kind::text_end:
        add({Op::text_end});
        return;
      case Kind::last_line_end:
        add({Op::last_line_end});
        return;
      case Kind::word_edge:
        add({Op::word_edge});
        return;
      case Kind::no_word_edge:
        add({Op::no_word_edge});
        return;
    }
  }

  void inner(Inst i, const RegexNode& part) {
    const uint32_t at = add(i);
    emit(part);
    add({Op::match});
    code[at].a = here();
  }

  void repeat(const RegexNode& n) {
    const RegexNode& part = n.parts[0];
    if (part.kind == RegexNode::Kind::set) {
      add({n.lazy ? Op::lazy_loop : Op::loop, set_number(part.set), 0, n.min, n.max});
      return;
    }
    for (uint32_t i = 0; i < n.min; ++i) emit(part);
    const auto fork = [&] {
      const uint32_t split = add({Op::split});
      (n.lazy ? code[split].b : code[split].a) = here();
      return split;
    };
    const auto leave = [&](uint32_t split) { (n.lazy ? code[split].a : code[split].b) = here(); };
    if (n.max != kUnlimited) {
      std::vector<uint32_t> splits;
      for (uint32_t i = n.min; i < n.max; ++i) {
        splits.push_back(fork());
        emit(part);
      }
      for (const uint32_t split : splits) leave(split);
      return;
    }
    const uint32_t split = fork();
    const bool may_be_empty = nullable(part);
    const uint32_t number = may_be_empty ? registers++ : 0;
    if (may_be_empty) add({Op::mark, number});
    emit(part);
    const uint32_t check = may_be_empty ? add({Op::check, number}) : 0;
    add({Op::jump, split});
    if (may_be_empty) code[check].b = here();
    leave(split);
  }

  static uint32_t plus(uint32_t a, uint32_t b) { return a > kUnlimited - b ? kUnlimited : a + b; }
  static uint32_t times(uint32_t a, uint32_t b) {
    const uint64_t r = uint64_t{a} * b;
    return a == kUnlimited || b == kUnlimited ? (a && b ? kUnlimited : 0)
                                              : static_cast<uint32_t>(std::min<uint64_t>(r, kUnlimited));
  }
  template <class Of>
  static uint32_t length(const RegexNode& n, bool most, const Of& of) {
    switch (n.kind) {
      case RegexNode::Kind::set:
        return 1;
      case RegexNode::Kind::sequence: {
        uint32_t sum = 0;
        for (const RegexNode& part : n.parts) sum = plus(sum, of(part));
        return sum;
      }
      case RegexNode::Kind::either: {
        uint32_t best = of(n.parts[0]);
        for (const RegexNode& part : n.parts)
          best = most ? std::max(best, of(part)) : std::min(best, of(part));
        return best;
      }
      case RegexNode::Kind::repeat:
        return times(of(n.parts[0]), most ? n.max : n.min);
      case RegexNode::Kind::atomic:
        return of(n.parts[0]);
      default:
        return 0;
    }
  }
  static uint32_t shortest(const RegexNode& n) { return length(n, false, shortest); }
  static uint32_t longest(const RegexNode& n) { return length(n, true, longest); }
};

namespace {

// One search through one text.
class Matcher {
 public:
  struct Frame {
    enum class Kind : uint8_t { other, loop, lazy, reg, failing };
    Kind kind;
    uint32_t pc;
    const char* p;              // loop: the least; reg: the old value
    const char* most;           // loop: where it stands
    uint32_t left = 0;          // lazy: characters it may still take
    const char* end = nullptr;  // loop: the farthest it could have stood
  };
  struct Failed {
    const char* from = nullptr;  // behind the loop every way failed from here
    const char* to = nullptr;    // to here
    void note(const char* least, const char* most) {
      if (from && from <= least && most <= to) return;
      from = least;
      to = most;
    }
    const char* run_from = nullptr;  // a run of the loop's set
    const char* run_to = nullptr;
  };
  struct Buffers {  // kept by each thread: texts are often words
    std::vector<const char*> registers;
    std::vector<Failed> failed;
    std::vector<Frame> stack;
    std::vector<uint64_t> bits;
  };

  Matcher(const std::vector<Inst>& code, const std::vector<CharSet>& sets, const CharSet& word,
          uint32_t registers, std::string_view text, Buffers& buffers)
      : code_(code),
        sets_(sets),
        word_(word),
        begin_(text.data()),
        end_(begin_ + text.size()),
        registers_(buffers.registers),
        failed_(buffers.failed),
        stack_(buffers.stack),
        bits_(buffers.bits) {
    registers_.assign(registers, nullptr);
    failed_.assign(code.size(), Failed{});
    stack_.clear();
    if (bits_.capacity() > size_t{1} << 17) std::vector<uint64_t>().swap(bits_);
    bits_.clear();
  }

  // Whether instructions from `pc` match at `p`; sets `end`. `stop`: they have to end there (look-behind).
  bool run(uint32_t pc, const char* p, const char*& end, const char* stop = nullptr) {
    const size_t base = stack_.size();
    for (;;) {
      ++steps_;
      const Inst& i = code_[pc];
      bool ok = true;
      switch (i.op) {
        case Op::set: {
          const CharSet& set = sets_[i.a];
          if (p == end_) {
            ok = false;
          } else if (const auto c = static_cast<unsigned char>(*p); c < 128) {
            ok = set.ascii(c);
            ++p;
          } else {
            ok = set.has(next_char(p));
          }
          ++pc;
          break;
        }
        case Op::loop: {
          const char* const least = skip(sets_[i.a], p, i.min);
          if (!least) {
            ok = false;
            break;
          }
          Failed& f = failed_[pc];
          const bool open = i.max == kUnlimited;
          const char* most = least;
          if (open && f.run_from && f.run_from <= least && least <= f.run_to) {
            most = f.run_to;  // the same run of the set as before
          } else {
            // Up to a run that is known, and then to its end.
            const char* const known = open && f.run_from && least < f.run_from ? f.run_from : end_;
            most = skip_all(sets_[i.a], least, open ? i.max : i.max - i.min, known);
            if (most == f.run_from) most = f.run_to;
            steps_ += static_cast<size_t>(std::min(most, known) - p) / 16;
            if (open) {
              f.run_from = least;
              f.run_to = most;
            }
          }
          const char* const last = most;
          if (!stop && f.from && f.from <= most && most <= f.to) {
            // From there on every way was tried and failed.
            if (f.from <= least) {
              ok = false;
              break;
            }
            most = back_one(f.from);
          }
          ++pc;
          stack_.push_back({Frame::Kind::loop, pc, least, most, 0, last});
          p = most;
          break;
        }
        case Op::lazy_loop: {
          const char* const least = skip(sets_[i.a], p, i.min);
          if (!least) {
            ok = false;
            break;
          }
          if (i.max != i.min) {
            stack_.push_back(
                {Frame::Kind::lazy, pc, least, nullptr, i.max == kUnlimited ? i.max : i.max - i.min});
          }
          p = least;
          ++pc;
          break;
        }
        case Op::split:
          if (!stop && !fresh(pc, p)) {
            ok = false;
            break;
          }
          stack_.push_back({Frame::Kind::other, i.b, p, nullptr, 0, nullptr});
          pc = i.a;
          break;
        case Op::jump:
          pc = i.a;
          break;
        case Op::mark:
          stack_.push_back({Frame::Kind::reg, i.a, registers_[i.a], nullptr, 0, nullptr});
          registers_[i.a] = p;
          ++pc;
          break;
        case Op::check:
          pc = registers_[i.a] == p ? i.b : pc + 1;
          break;
        case Op::atomic: {
          const char* last = nullptr;
          ok = run(pc + 1, p, last, nullptr);
          p = last;
          pc = i.a;
          break;
        }
        case Op::look: {
          const char* last = nullptr;
          ok = run(pc + 1, p, last, nullptr) != static_cast<bool>(i.b);
          pc = i.a;
          break;
        }
        case Op::behind:
          ok = look_behind(pc, p) != static_cast<bool>(i.b);
          pc = i.a;
          break;
        case Op::match:
          if (stop && p != stop) {
            ok = false;
            break;
          }
          end = p;
          stack_.resize(base);
          return true;
        case Op::line_begin:
          ok = p == begin_ || (p[-1] == '\n' && p != end_);
          ++pc;
          break;
        case Op::line_end:
          ok = p == end_ || *p == '\n';
          ++pc;
          break;
        case Op::text_begin:
          ok = p == begin_;
          ++pc;
          break;
        case Op::text_end:
          ok = p == end_;
          ++pc;
          break;
        case Op::last_line_end:
          ok = p == end_ || (*p == '\n' && p + 1 == end_);
          ++pc;
          break;
        case Op::word_edge:
          ok = at_word_edge(p);
          ++pc;
          break;
        case Op::no_word_edge:
          ok = !at_word_edge(p);
          ++pc;
          break;
      }
      if (ok) continue;
      if (!go_back(base, pc, p, stop != nullptr)) return false;
    }
  }

 private:
  // Takes up the last choice; false when there is none.
  bool go_back(size_t base, uint32_t& pc, const char*& p, bool behind) {
    while (stack_.size() > base) {
      ++steps_;
      Frame& f = stack_.back();
      switch (f.kind) {
        case Frame::Kind::reg:
          registers_[f.pc] = f.p;
          stack_.pop_back();
          continue;
        case Frame::Kind::failing:
          set_bit(f.pc, f.p);
          stack_.pop_back();
          continue;
        case Frame::Kind::other:
          pc = f.pc;
          p = f.p;
          stack_.pop_back();
          if (!behind && !fresh(pc, p)) continue;
          return true;
        case Frame::Kind::loop: {
          if (f.most == f.p) {
            // All of it failed from here to where it once stood.
            if (!behind && registers_.empty()) failed_[f.pc - 1].note(f.p, f.end);
            stack_.pop_back();
            continue;
          }
          pc = f.pc;
          p = f.most = back_one(f.most);
          if (!behind && !fresh(pc, p)) continue;
          return true;
        }
        case Frame::Kind::lazy: {
          const Inst& i = code_[f.pc];
          const char* next = f.p;
          if (f.left == 0 || next == end_ || !sets_[i.a].has(next_char(next))) {
            stack_.pop_back();
            continue;
          }
          f.p = next;
          if (f.left != kUnlimited) --f.left;
          pc = f.pc + 1;
          p = next;
          if (!behind && !fresh(pc, p)) continue;
          return true;
        }
      }
    }
    return false;
  }

  // False when this was tried before and failed. Starts to remember once many steps were made.
  bool fresh(uint32_t pc, const char* p) {
    const auto n = static_cast<size_t>(end_ - begin_);
    if (steps_ < 100000 + 16 * n) return true;
    if (!registers_.empty()) {
      if (steps_ > 10000000 + 200 * n) {
        throw data_error("regular expression: it needs too many steps on a text",
                         "a repeat of something that may be empty makes it so");
      }
      return true;
    }
    if (bits_.empty()) {
      if (code_.size() * (n + 1) > uint64_t{1} << 31) {
        throw data_error(
            fmt::format("regular expression: {} instructions on a text of {} bytes need more than 256 MiB",
                        code_.size(), n),
            "cut the text into shorter documents");
      }
      bits_.resize((code_.size() * (n + 1) + 63) / 64);
    }
    const size_t bit = pc * (n + 1) + static_cast<size_t>(p - begin_);
    if (bits_[bit / 64] >> (bit % 64) & 1) return false;
    stack_.push_back({Frame::Kind::failing, pc, p, nullptr, 0, nullptr});
    return true;
  }
  void set_bit(uint32_t pc, const char* p) {
    const size_t bit = pc * (static_cast<size_t>(end_ - begin_) + 1) + static_cast<size_t>(p - begin_);
    bits_[bit / 64] |= uint64_t{1} << (bit % 64);
  }

  const char* skip(const CharSet& set, const char* p, uint32_t n) const {
    for (; n > 0; --n) {
      if (p == end_ || !set.has(next_char(p))) return nullptr;
    }
    return p;
  }
  const char* skip_all(const CharSet& set, const char* p, uint32_t n, const char* last) const {
    for (; n > 0 && p < last; --n) {
      if (const auto c = static_cast<unsigned char>(*p); c < 128) {
        if (!set.ascii(c)) break;
        ++p;
      } else {
        const char* next = p;
        if (!set.has(next_char(next))) break;
        p = next;
      }
    }
    return p;
  }

  bool look_behind(uint32_t pc, const char* p) {
    const Inst i = code_[pc];
    const char* from = p;
    for (uint32_t n = 0; n <= i.max; ++n) {
      const char* last = nullptr;
      if (n >= i.min && run(pc + 1, from, last, p)) return true;
      if (from == begin_) break;
      from = back_one(from);
    }
    return false;
  }
  bool at_word_edge(const char* p) const {
    const auto is_word = [&](const char* at) { return word_.has(next_char(at)); };
    return (p > begin_ && is_word(back_one(p))) != (p < end_ && is_word(p));
  }

  const std::vector<Inst>& code_;
  const std::vector<CharSet>& sets_;
  const CharSet& word_;
  const char* const begin_;
  const char* const end_;
  std::vector<const char*>& registers_;
  std::vector<Failed>& failed_;
  std::vector<Frame>& stack_;
  std::vector<uint64_t>& bits_;
  uint64_t steps_ = 0;
};

}  // namespace

Regex::Regex() = default;
Regex::Regex(std::string_view pattern) : program_(std::make_unique<Program>(parse_regex(pattern))) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Regex Regex::of(const formats::TextPattern& pattern, const char* part) {
  if (!pattern.regex) return literal(pattern.text);
  try {
    return Regex(pattern.text);
  } catch (const Error& e) {
    throw Error(e.kind(), fmt::format("{}: {}", part, e.what()), e.hint());
  }
}

Regex Regex::literal(std::string_view text) {
  if (text.empty()) return Regex("");
  Regex r;
  r.literal_ = text;
  return r;
}

bool Regex::may_match_empty() const { return program_ && program_->empty; }

void Regex::find_all(std::string_view text, std::vector<TextRange>& out) const {
  out.clear();
  if (!program_) {
    for (size_t at = 0; (at = text.find(literal_, at)) != std::string_view::npos; at += literal_.size()) {
      out.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(at + literal_.size())});
    }
    return;
  }
  const Program& program = *program_;
  static thread_local Matcher::Buffers buffers;
  Matcher matcher(program.code, program.sets, program.word, program.registers, text, buffers);
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* last = nullptr;  // where the last match ended
  for (const char* p = begin; p <= end;) {
    if (!program.empty) {
      while (p < end && !program.first[static_cast<unsigned char>(*p)]) ++p;
      if (p == end) break;
    }
    const char* to = nullptr;
    const auto step = [&] {
      if (p < end) {
        next_char(p);
      } else {
        ++p;
      }
    };
    if (!matcher.run(0, p, to) || (to == p && last == p)) {
      step();
      continue;
    }
    out.push_back({static_cast<uint32_t>(p - begin), static_cast<uint32_t>(to - begin)});
    last = p = to;
  }
}

}  // namespace ds::tokenizer
