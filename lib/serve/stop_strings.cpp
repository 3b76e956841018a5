#include "serve/stop_strings.h"

#include <algorithm>
#include <utility>

namespace ds::serve {

StopStrings::StopStrings(std::vector<std::string> strings) {
  for (std::string& s : strings) {
    Automaton a{std::move(s), {}, 0};
    a.fall.resize(a.text.size() + 1, 0);
    for (size_t i = 1, k = 0; i < a.text.size(); ++i) {
      while (k > 0 && a.text[i] != a.text[k]) k = a.fall[k];
      if (a.text[i] == a.text[k]) ++k;
      a.fall[i + 1] = k;
    }
    automata_.push_back(std::move(a));
  }
}

void StopStrings::Automaton::step(char c) {
  while (state > 0 && text[state] != c) state = fall[state];
  if (text[state] == c) ++state;
}

std::string StopStrings::push(std::string_view piece) {
  if (matched_) return {};
  if (automata_.empty()) return std::string(piece);
  const size_t seen = held_.size();
  held_ += piece;
  size_t open = 0;  // bytes at the end that may begin a stop string
  for (size_t i = seen; i < held_.size(); ++i) {
    open = 0;
    size_t complete = 0;
    for (Automaton& a : automata_) {
      a.step(held_[i]);
      open = std::max(open, a.state);
      if (a.state == a.text.size()) complete = std::max(complete, a.state);
    }
    if (complete == 0) continue;
    matched_ = true;
    held_.resize(i + 1 - complete);
    return std::exchange(held_, {});
  }
  if (piece.empty()) return {};
  std::string out = held_.substr(0, held_.size() - open);
  held_.erase(0, out.size());
  return out;
}

std::string StopStrings::finish() { return matched_ ? std::string() : std::exchange(held_, {}); }

}  // namespace ds::serve
