// Stop strings in a text that comes in pieces.
//
// Each stop string is a small automaton (Knuth-Morris-Pratt) over the bytes so far. What could still be the
// beginning of a stop string is held back, so that text given out never has to be taken back; the string
// that is complete first ends the text before its beginning (of several that end at one place, the longest).
// So the result does not depend on where the pieces were cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ds::serve {

class StopStrings {
 public:
  explicit StopStrings(std::vector<std::string> strings);  // none of them empty

  // The text that can be given out now. After a match everything is ignored.
  std::string push(std::string_view text);
  std::string finish();  // the text ends here: what was held back
  bool matched() const { return matched_; }

 private:
  struct Automaton {
    std::string text;
    std::vector<size_t> fall;  // length of the longest proper border of each prefix
    size_t state = 0;          // bytes of `text` that end the text so far
    void step(char c);
  };
  std::vector<Automaton> automata_;
  std::string held_;
  bool matched_ = false;
};

}  // namespace ds::serve
