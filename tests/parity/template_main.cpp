// template_main CASES.jsonl: renders each line {"template": …, "context": {…}} and prints {"text": …,
// "ranges":
// [[begin, end], …]} or {"error": …}. A line without a context has that of the line before. For
// chat_parity.py.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/byte_source.h"
#include "tokenizer/jinja_template.h"

int main(int argc, char** argv) {
  using namespace ds;
  using namespace ds::tokenizer;
  if (argc != 2) return 2;
  formats::ByteSource source(argv[1]);
  formats::LineReader reader(source);
  jinja::Value context;
  for (std::string line; reader.next(line); line.clear()) {
    nlohmann::json out;
    try {
      const jinja::Value one = jinja::from_json(line, true, nullptr);
      if (const jinja::Value* given = one.dict().find("context")) context = *given;
      RenderOptions options;
      options.now = std::tm{};
      options.now->tm_year = 2026 - 1900;
      options.now->tm_mon = 6;
      options.now->tm_mday = 26;
      const JinjaTemplate t(one.dict().find("template")->chars().bytes, "template");
      const Rendered r = t.render(context.dict(), options);
      out["text"] = r.text;
      out["ranges"] = nlohmann::json::array();
      for (const IndexRange& g : r.generated) out["ranges"].push_back({g.begin, g.end});
    } catch (const Error& e) {
      out["error"] = e.what();
    } catch (const jinja::Failure& e) {
      out["error"] = e.message;
    }
    std::puts(out.dump().c_str());
  }
}
