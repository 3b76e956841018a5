// UTF-8 repair and normal forms of any bytes: the result is valid, and normalising it again changes nothing.
#include "base/utf8.h"
#include "fuzz.h"
#include "text/normalize.h"

void fuzz(std::string_view input) {
  std::string text(input);
  ds::repair_utf8(text);
  const std::string once = ds::text::normalize(text);
  if (!ds::is_valid_utf8(once) || ds::text::normalize(once) != once) __builtin_trap();
}
