#include "ds-tokenize/chat_options.h"

#include "base/error.h"

namespace ds::tokenize {

void declare(cli::OptionTable& t, ChatCommand& o) {
  t.positional("INPUT", o.inputs,
               R"(JSONL with "messages", "tools" if there are any; also .gz or .zst; - for stdin)")
      .required()
      .not_in_manifest();
  t.group("Output");
  t.add("-o,--output", o.output, "FILE",
        R"({"id":…,"text":…} a line; - for stdout; with --format megatron FILE.bin and FILE.idx)")
      .required()
      .not_in_manifest();
  t.add("--format", o.format, "FORMAT",
        "jsonl; or megatron: training data as encode writes it, with --masks FILE.mask")
      .choices({"jsonl", "megatron"});
  t.flag("--ids", o.ids, R"({"id":…,"ids":[…]} instead of the text; written markers stay text)");
  t.flag("--masks", o.masks,
         R"(add "mask":[[begin,end],…], the characters (with --ids: tokens) that an assistant said)");
  t.flag("--append-eos", o.append_eos,
         "megatron: end a conversation with the end-of-text token when its text does not");
  t.group("Template");
  t.add("--template", o.template_file, "FILE", "Jinja template, as in chat_template.jinja").not_in_manifest();
  t.add("--model", o.model, "DIR", "model folder or GGUF file that has the template").not_in_manifest();
  t.add("--form", o.form, "NAME", "a form that is built in")
      .choices({"deepseek-v3.2", "deepseek-v4", "chatml", "llama3", "deepseek"});
  t.add("--tokenizer", o.tokenizer, "FILE",
        "tokenizer.json for ids; its folder's template when none of the others is given")
      .not_in_manifest();
  t.group("Conversation");
  t.add("--tools", o.tools, "FILE", "JSON list of tools for lines that bring none").not_in_manifest();
  t.flag("--add-generation-prompt", o.add_generation_prompt, "end with the beginning of the next answer");
  t.add("--thinking", o.thinking, "WHEN",
        "sets thinking and enable_thinking; auto: leaves them to the template")
      .choices({"auto", "on", "off"});
  t.add("--variable", o.variables, "NAME=VALUE",
        "another variable of the template, JSON or text; repeat for more");
  t.add("--now", o.now, "TIME",
        "what strftime_now() tells, 2026-07-26 or 2026-07-26T12:30:00; else the clock");
  t.check([&o] {
    if ((!o.template_file.empty()) + (!o.model.empty()) + (!o.form.empty()) > 1)
      throw usage_error("--template, --model and --form: give one of them");
    if (o.template_file.empty() && o.model.empty() && o.form.empty() && o.tokenizer.empty())
      throw usage_error("no template", "give --template, --model, --form or --tokenizer");
    const bool dataset = o.format == "megatron";
    if ((o.ids || dataset) && o.tokenizer.empty() && o.model.empty())
      throw usage_error(std::string(dataset ? "--format megatron" : "--ids") + ": no tokenizer",
                        "give --tokenizer or --model");
    if (dataset && o.output == "-")
      throw usage_error("-o -: .bin and .idx cannot go to stdout", "name a file, or leave --format out");
    for (const std::string& v : o.variables)
      if (v.find('=') == std::string::npos || v.front() == '=')
        throw usage_error("--variable " + v + ": expected NAME=VALUE");
  });
}

}  // namespace ds::tokenize
