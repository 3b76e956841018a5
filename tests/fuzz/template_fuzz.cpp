// Any bytes are a template, and before a NUL the JSON of what it may see. What renders stays within its
// limits, is valid UTF-8, and its foreign parts lie in order within it.
#include "base/utf8.h"
#include "fuzz.h"
#include "tokenizer/jinja_template.h"

namespace {
void check(bool good) {
  if (!good) __builtin_trap();
}
}  // namespace

void fuzz(std::string_view input) {
  using namespace ds::tokenizer;
  const size_t zero = input.find('\0');
  jinja::Value context;
  try {
    const std::string_view json =
        zero == std::string_view::npos
            ? R"({"messages":[{"role":"user","content":"é <b>"}],"n":3,"l":[1,"a"]})"
            : input.substr(0, zero);
    context = jinja::from_json(json, true, nullptr);
  } catch (const jinja::Failure&) {
    return;
  }
  if (!context.is(jinja::Kind::dict)) return;
  const JinjaTemplate t(zero == std::string_view::npos ? input : input.substr(zero + 1), "t");
  RenderOptions options;
  options.limits.steps = 100000;
  options.limits.memory = size_t{8} << 20;
  options.limits.output = size_t{1} << 20;
  options.limits.depth = 300;
  const Rendered r = t.render(context.dict(), options);
  check(r.text.size() <= options.limits.output && ds::is_valid_utf8(r.text));
  size_t at = 0;
  for (const IndexRange& f : r.foreign) {
    check(f.begin >= at && f.begin < f.end && f.end <= r.text.size());
    at = f.end;
  }
}
