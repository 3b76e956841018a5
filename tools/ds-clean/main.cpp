// ds-clean: text in, clean documents out.
#include <memory>

#include "cli/tool.h"
#include "options.h"
#include "run.h"

namespace ds {
extern const char* const kExamples;
}

int main(int argc, char** argv) {
  using namespace ds;
  cli::Command clean;
  clean.summary = "clean, filter and deduplicate text";
  clean.common |= cli::kDepfile;
  clean.declare = [](cli::OptionTable& table) {
    auto options = std::make_shared<clean_tool::Options>();
    clean_tool::declare(table, *options);
    return [options](cli::Context& ctx) { return clean_tool::run(ctx, *options); };
  };
  return cli::tool_main({"ds-clean", "turn raw text into clean JSONL documents", kExamples, {clean}}, argc,
                        argv);
}
