#include "tokenizer/splitter.h"

#include <algorithm>

#include "base/error.h"
#include "tokenizer/split_kernel.h"

namespace ds::tokenizer {

bool split_isa_runs(SplitIsa isa) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (isa == SplitIsa::avx512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("bmi2") && avx512_split_program(Pattern::gpt2);
  }
  if (isa == SplitIsa::avx2) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && avx2_split_program(Pattern::gpt2);
  }
#endif
  return isa == SplitIsa::portable || isa == SplitIsa::scalar;
}

SplitIsa best_split_isa() {
  static const SplitIsa best = split_isa_runs(SplitIsa::avx512) ? SplitIsa::avx512
                               : split_isa_runs(SplitIsa::avx2) ? SplitIsa::avx2
                                                                : SplitIsa::portable;
  return best;
}

SplitProgram split_program(SplitIsa isa, Pattern pattern) {
  switch (isa) {
    case SplitIsa::avx512:
      return avx512_split_program(pattern);
    case SplitIsa::avx2:
      return avx2_split_program(pattern);
    case SplitIsa::portable:
      return portable_split_program(pattern);
    case SplitIsa::scalar:
      return nullptr;
  }
  return nullptr;
}

struct Splitter::State {
  SplitProgram program = nullptr;
  SplitRun run{};
  std::unique_ptr<uint32_t[]> ends = std::make_unique_for_overwrite<uint32_t[]>(kWindow + kSplitSlack);

  void walk(const uint8_t* enough) {
    const uint8_t* p = run.at;
    while (p < enough) {
      p = run.word_end(p, run.end);
      run.ends[run.count++] = static_cast<uint32_t>(p - run.begin);
    }
    run.at = p;
  }

  void start(SplitIsa isa, Pattern pattern, std::string_view text) {
    if (text.size() >= UINT32_MAX) throw data_error("a text of 4 GiB or more", "cut it into documents");
    program = split_program(isa, pattern);
    run.begin = reinterpret_cast<const uint8_t*>(text.data());
    run.end = run.begin + text.size();
    run.table = class_table(class_set(pattern));
    run.word_end = walker(pattern);
    run.ends = ends.get();
    run.restart(run.begin);
  }

  std::span<const uint32_t> next() {
    run.count = 0;
    while (run.count == 0 && run.at < run.end) {
      const uint8_t* const enough =
          static_cast<size_t>(run.end - run.at) > kWindow ? run.at + kWindow : run.end;
      program ? program(run, enough) : walk(enough);
    }
    return {ends.get(), run.count};
  }
};

Splitter::Splitter() : state_(std::make_unique<State>()) {}
Splitter::~Splitter() = default;
Splitter::Splitter(Splitter&&) noexcept = default;
Splitter& Splitter::operator=(Splitter&&) noexcept = default;

void Splitter::start(Pattern pattern, std::string_view text) {
  state_->start(best_split_isa(), pattern, text);
}
std::span<const uint32_t> Splitter::next() { return state_->next(); }
std::span<const uint32_t> Splitter::several(Pattern pattern, std::string_view texts,
                                            std::span<const uint32_t> text_ends) {
  if (texts.size() > kWindow) throw internal_error("too many texts at once");
  State& s = *state_;
  s.start(best_split_isa(), pattern, texts);
  s.run.count = 0;
  const uint8_t* at = s.run.begin;
  for (const uint32_t end : text_ends) {
    s.run.end = s.run.begin + end;
    s.run.restart(at);
    if (at < s.run.end) s.program ? s.program(s.run, s.run.end) : s.walk(s.run.end);
    s.run.ends[s.run.count++] = end + 1;
    at = s.run.end + 1;
  }
  return {s.ends.get(), s.run.count};
}

bool begins_with_space(std::string_view word) {
  if (word.empty()) return false;
  const Char c = char_at(reinterpret_cast<const uint8_t*>(word.data()));
  return class_table()[c.code] & (kSpace | kNewline);
}

void split_with(SplitIsa isa, Pattern pattern, std::string_view text, std::vector<uint32_t>& ends) {
  static thread_local Splitter::State s;
  s.start(isa, pattern, text);
  for (auto more = s.next(); !more.empty(); more = s.next())
    ends.insert(ends.end(), more.begin(), more.end());
}

size_t count_words(SplitIsa isa, Pattern pattern, std::string_view text) {
  Splitter::State s;
  s.start(isa, pattern, text);
  size_t n = 0;
  for (auto more = s.next(); !more.empty(); more = s.next()) n += more.size();
  return n;
}

void split(Pattern pattern, std::string_view text, std::vector<uint32_t>& ends) {
  split_with(best_split_isa(), pattern, text, ends);
}

}  // namespace ds::tokenizer
