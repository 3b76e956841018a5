// Jinja templates as chat templates use them: parsed once, rendered often, in bounded time and memory.
//
// Renders what Jinja2 3.1 does in transformers' environment (trim_blocks, lstrip_blocks, the immutable
// sandbox, loopcontrols, {% generation %}, tojson, raise_exception, strftime_now), byte for byte. What is not
// supported is refused with its line. Integers have 64 bits. Limits and values: jinja_value.h.
//
//   JinjaTemplate t(source, "chat_template.jinja");
//   auto context = std::make_shared<jinja::Dict>(nullptr);   // messages, tools, …
//   std::string text = t.render(*context).text;
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/jinja_value.h"

namespace ds::tokenizer {

struct IndexRange {
  size_t begin, end;
  bool operator==(const IndexRange&) const = default;
};

struct RenderOptions {
  jinja::Limits limits;
  std::optional<std::tm> now;  // what strftime_now prints; otherwise the clock's local time
};

struct Rendered {
  std::string text;
  std::vector<IndexRange> generated;  // {% generation %} blocks as transformers counts them, in code points
  std::vector<IndexRange> foreign;    // what came from values marked foreign, in bytes, sorted and apart
};

// Immutable; may be rendered by several threads at a time.
class JinjaTemplate {
 public:
  // Throws data: "NAME: line N: what". A template has at most 4 MiB.
  JinjaTemplate(std::string_view source, std::string name);
  // Throws data, with the line: what the template refuses (raise_exception), what Python refuses, a limit
  // that is exceeded.
  Rendered render(const jinja::Dict& context, const RenderOptions& options = {}) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace ds::tokenizer
