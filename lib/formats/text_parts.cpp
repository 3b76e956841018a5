// See text_parts.h.
#include "formats/text_parts.h"

#include <algorithm>
#include <cstring>

#include "base/utf8.h"
#include "formats/cutter.h"

namespace ds::formats {
namespace {

constexpr size_t kAhead = 4096;  // bytes behind the wanted end of a part, to look for its cut

}  // namespace

TextParts::TextParts(const std::string& path, SourceOptions options, uint64_t limit)
    : source_(path, options), limit_(limit) {}

// `text` has `want` bytes, or all that there are.
void TextParts::read(Buffer& text, size_t want) {
  text.reserve(want);
  while (text.size() < want && !ended_) {
    const size_t n = source_.read(text.data() + text.size(), want - text.size());
    ended_ = n == 0;
    text.set_size(text.size() + n);
    const bool start = raw_ < 3;  // all that was read is there
    raw_ += n;
    raw_text_ += n;
    check_text_size(source_.name(), raw_, limit_);
    if (start && (raw_ >= 3 || ended_)) {
      check_not_utf16(source_.name(), text.view());
      if (const size_t bom = bom_size(text.view())) {
        std::memmove(text.data(), text.data() + bom, text.size() - bom);
        text.set_size(text.size() - bom);
        raw_text_ -= bom;
      }
    }
  }
  check(text);
}

// Makes all of `text` valid but for a cut-off character at its end, as long as more may come.
void TextParts::check(Buffer& text) {
  size_t tail = 0;
  const std::string_view fresh = text.view().substr(valid_);
  const size_t good = valid_utf8_prefix(fresh, &tail);
  if (good + (ended_ ? 0 : tail) == fresh.size()) {
    valid_ += good;
    return;
  }
  std::string repaired;
  std::string_view rest = fresh;
  for (;;) {
    const size_t n = valid_utf8_prefix(rest, &tail);
    repaired.append(rest.substr(0, n));
    rest.remove_prefix(n);
    if (rest.size() == (ended_ ? 0 : tail)) break;
    repaired.append("\xEF\xBF\xBD");
    rest.remove_prefix(invalid_part(rest));
  }
  repaired.append(rest);
  const size_t kept = rest.size();
  text.set_size(valid_);
  text.append(repaired);
  valid_ = text.size() - kept;
}

bool TextParts::next(Buffer& part, size_t size, const Cut& cut) {
  if (done_) return false;
  part.set_size(0);
  part.append(left_.view());
  left_.set_size(0);
  for (size_t from = size;;) {
    read(part, std::max(from + kAhead, part.size()));
    if (ended_ && part.size() <= from + kAhead) {
      done_ = true;
      valid_ = 0;
      return raw_ > 0;
    }
    const std::string_view text = part.view().substr(0, valid_);
    if (const auto at = from < text.size() ? cut(text, from) : std::nullopt) {
      left_.append(part.view().substr(*at));
      part.set_size(*at);
      valid_ -= *at;
      return true;
    }
    // Steps that keep the work linear.
    from = std::max(from + size, from + from / 2);
  }
}

}  // namespace ds::formats
