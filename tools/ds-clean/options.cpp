// See options.h. Defaults are those of text::CleanOptions.
#include "options.h"

#include <algorithm>

#include "base/error.h"

namespace ds::clean_tool {

void declare(cli::OptionTable& t, Options& o) {
  text::CleanOptions& c = o.clean;
  t.positional("INPUT", &o.inputs, "files, folders or - (stdin): text, JSONL, CSV, TSV; also gzip or zstd")
      .required()
      .not_in_manifest();

  t.group("Output");
  t.add("-o,--output", o.output, "FILE", "JSONL to write: id, text, other fields; - is stdout")
      .required()
      .not_in_manifest();
  t.add("--rejects", o.rejects, "FILE", "JSONL of the documents left out, each with its reason")
      .not_in_manifest();
  t.add("--report", o.report, "FILE", "statistics as JSON").not_in_manifest();

  t.group("Input");
  t.add("--input-format", o.input_format, "NAME",
        "auto goes by extension; stdin is then jsonl, an unknown one text")
      .choices({"auto", "text", "jsonl", "csv", "tsv"});
  t.add("--split", o.split, "UNIT", "text: one document per file, line or paragraph")
      .choices({"file", "line", "paragraph"});
  t.add("--text-field", c.corpus.fields.text, "NAME", "field or column that holds the text");
  t.add("--id-field", c.corpus.fields.id, "NAME", "field or column that holds the id");
  t.add("--max-line", c.corpus.max_record, "BYTES", "a longer line, CSV record or text file is an error")
      .bytes()
      .range(1, 4294967295.0)
      .not_in_manifest();
  t.flag("--skip-bad-lines", c.skip_bad_lines,
         "count records that are damaged or have no text, instead of failing");
  t.add("--invalid-utf8", o.invalid_utf8, "ACTION", "replace by U+FFFD, reject the document, or fail")
      .choices({"replace", "reject", "error"});

  t.group("Cleaning");
  t.add("--normalize", o.normalize, "FORM",
        "nfc: NFC, line ends, spaces, invisible characters; none: leave texts as they are")
      .choices({"nfc", "none"});
  t.add("--min-chars", c.rules.min_chars, "N", "reject shorter texts");
  t.add("--max-chars", c.rules.max_chars, "N", "reject longer texts; 0: no limit");
  t.add("--min-words", c.rules.min_words, "N", "reject texts of fewer words (a CJK character is a word)");
  t.add("--max-words", c.rules.max_words, "N", "reject texts of more words; 0: no limit");
  t.add("--repetition", o.repetition, "RULES", "gopher: reject repetitive texts by the 13 rules of Gopher")
      .choices({"gopher", "none"});
  t.add("--repetition-min-words", c.rules.repetition_min_words, "N",
        "texts of fewer words are not tried for repetition");

  t.group("Duplicates");
  t.add("--dedup", o.dedup, "KIND", "reject exact duplicates, or near ones (MinHash) as well")
      .choices({"none", "exact", "minhash"});
  t.add("--jaccard", c.jaccard, "S", "near duplicates share this much of their word 5-grams").range(0.5, 1);
  t.add("--against", c.against, "FILE",
        "reject duplicates of the documents in FILE too, such as a held-out set; repeatable")
      .not_in_manifest();

  t.group("Selection");
  t.add("--limit", c.limit, "N", "stop when N documents are kept; 0: no limit");
  t.add("--sample", c.sample, "RATE", "look at this share of the documents only, chosen by id and --seed")
      .range(0, 1);

  t.check([&o] {
    const auto streams = std::count(o.inputs.begin(), o.inputs.end(), "-");
    if (streams > 1) throw usage_error("stdin (-) is named more than once among the inputs");
    if (o.rejects == "-" || o.report == "-")
      throw usage_error("--rejects and --report need a file", "only -o can be -");
    if (std::count(o.clean.against.begin(), o.clean.against.end(), "-"))
      throw usage_error("--against needs a file");
  });
}

text::CleanOptions library_options(const Options& o, int64_t seed) {
  text::CleanOptions c = o.clean;
  const auto position = [](const std::string& value, std::initializer_list<const char*> names) {
    return static_cast<int>(std::find(names.begin(), names.end(), value) - names.begin());
  };
  c.corpus.format =
      static_cast<formats::CorpusFormat>(position(o.input_format, {"auto", "text", "jsonl", "csv", "tsv"}));
  c.corpus.split = static_cast<formats::TextSplit>(position(o.split, {"file", "line", "paragraph"}));
  c.invalid_utf8 = static_cast<text::InvalidUtf8>(position(o.invalid_utf8, {"replace", "reject", "error"}));
  c.dedup = static_cast<text::Dedup>(position(o.dedup, {"none", "exact", "minhash"}));
  c.normalize = o.normalize == "nfc";
  c.rules.repetition = o.repetition == "gopher";
  c.seed = seed;
  return c;
}

}  // namespace ds::clean_tool
