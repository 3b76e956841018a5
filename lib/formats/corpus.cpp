// See corpus.h.
#include "formats/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/io.h"
#include "formats/csv.h"

namespace ds::formats {
namespace {

struct Extension {
  const char* name;
  CorpusFormat format;
};
constexpr Extension kExtensions[] = {
    {".txt", CorpusFormat::text},    {".text", CorpusFormat::text},    {".md", CorpusFormat::text},
    {".jsonl", CorpusFormat::jsonl}, {".ndjson", CorpusFormat::jsonl}, {".json", CorpusFormat::jsonl},
    {".csv", CorpusFormat::csv},     {".tsv", CorpusFormat::tsv},
};

std::string without_compression(const std::string& path) {
  const std::string extension = extension_of(path);
  const bool packed = extension == ".gz" || extension == ".zst";
  return packed ? path.substr(0, path.size() - extension.size()) : path;
}

std::optional<CorpusFormat> known_format(const std::string& path) {
  const std::string extension = extension_of(without_compression(path));
  for (const Extension& known : kExtensions) {
    if (extension == known.name) return known.format;
  }
  return std::nullopt;
}

void list_below(const std::string& folder, const std::string& relative, std::vector<std::string>& found) {
  for (const std::string& name : list_folder(folder)) {
    if (name.starts_with('.')) continue;
    const std::string path = join_path(folder, name);
    const std::string below = relative.empty() ? name : relative + "/" + name;
    if (is_folder(path)) {
      if (!std::filesystem::is_symlink(path)) list_below(path, below, found);
    } else if (known_format(name)) {
      found.push_back(below);
    }
  }
}

bool is_blank(const std::string& s) { return s.find_first_not_of(" \t\r\n\f\v") == std::string::npos; }

void drop_bom(std::string& s) {
  if (s.starts_with("\xEF\xBB\xBF")) s.erase(0, 3);
}

// A column's value as a member of the document's rest.
void append_member(std::string& rest, const std::string& name, const std::string& value) {
  if (!rest.empty()) rest += ',';
  append_json_string(rest, name == "text" || name == "id" ? name + "_original" : name);
  rest += ':';
  append_json_string(rest, value);
}

int find_column(const std::vector<std::string>& columns, const std::string& name) {
  const auto at = std::find(columns.begin(), columns.end(), name);
  return at == columns.end() ? -1 : static_cast<int>(at - columns.begin());
}

}  // namespace

std::vector<CorpusInput> list_corpus(const std::vector<std::string>& paths, CorpusFormat format) {
  std::vector<CorpusInput> inputs;
  const auto add = [&](const std::string& path, const std::string& name) {
    const CorpusFormat by_name =
        path == "-" ? CorpusFormat::jsonl : known_format(path).value_or(CorpusFormat::text);
    const bool stream = path == "-" || !std::filesystem::is_regular_file(path);
    inputs.push_back(
        {path, without_compression(name), format == CorpusFormat::automatic ? by_name : format, stream});
  };
  for (const std::string& path : paths) {
    if (path == "-") {
      add(path, "stdin");
    } else if (!exists(path)) {
      throw io_error(path + ": no such file or folder");
    } else if (!is_folder(path)) {
      add(path, base_name(path));
    } else {
      std::vector<std::string> found;
      list_below(path, "", found);
      std::sort(found.begin(), found.end());
      if (found.empty()) {
        throw data_error(path + ": the folder holds no readable files",
                         "looked for .txt .text .md .jsonl .ndjson .json .csv .tsv, also with .gz or .zst");
      }
      for (const std::string& name : found) add(join_path(path, name), name);
    }
  }
  std::map<std::string, int> uses;
  for (CorpusInput& input : inputs) {
    if (const int use = ++uses[input.name]; use > 1) input.name += fmt::format("#{}", use);
  }
  return inputs;
}

bool RecordParser::parse(std::string& record, Document& document, std::string& problem,
                         uint64_t* lone_surrogates) const {
  if (format == CorpusFormat::jsonl) {
    JsonProblem json;
    if (parse_document(record, fields, document, json, lone_surrogates)) return true;
    problem = fmt::format("byte {}: {}", json.at + 1, json.message);
    return false;
  }
  document.id.clear();
  document.id_json.clear();
  document.rest.clear();
  if (format == CorpusFormat::text) {
    document.text = record;
    return true;
  }
  std::vector<std::string> values;
  if (!parse_csv_record(record, format == CorpusFormat::csv ? ',' : '\t', values, problem)) return false;
  if (values.size() != columns.size()) {
    problem = fmt::format("the record has {} fields, the header has {}", values.size(), columns.size());
    return false;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (static_cast<int>(i) == text_column) {
      document.text = std::move(values[i]);
    } else if (static_cast<int>(i) == id_column) {
      document.id = std::move(values[i]);
    } else {
      append_member(document.rest, columns[i], values[i]);
    }
  }
  return true;
}

std::string record_place(const CorpusInput& input, uint64_t line) {
  return fmt::format("{}: line {}", input.path == "-" ? "<stdin>" : input.path, line);
}

struct RecordReader::State {
  CorpusInput input;
  CorpusOptions options;
  ByteSource source;
  std::unique_ptr<LineReader> lines;
  std::unique_ptr<CsvReader> records;
  std::shared_ptr<const RecordParser> parser;
  uint64_t number = 0, line = 0;
  bool ended = false;

  bool whole_file(std::string& record);
  bool one_line(std::string& record);
  bool one_paragraph(std::string& record);
};

bool RecordReader::State::whole_file(std::string& record) {
  if (ended) return false;
  ended = true;
  line = 1;
  record.clear();
  for (;;) {
    const size_t old = record.size(), step = size_t{1} << 18;
    if (record.capacity() < old + step) record.reserve(std::max(old + step, old * 2));
    record.resize(old + step);
    const size_t n = source.read(record.data() + old, step);
    record.resize(old + n);
    if (n == 0) break;
    if (record.size() > options.max_record) {
      throw data_error(
          fmt::format("{}: the file has more than {} bytes", source.name(), options.max_record),
          "it is read as one document; cut it with --split line or --split paragraph, or raise --max-line");
    }
  }
  if (record.starts_with("\xFF\xFE") || record.starts_with("\xFE\xFF")) {
    throw data_error(source.name() + ": the text is UTF-16, expected UTF-8",
                     "convert it: iconv -f UTF-16 -t UTF-8");
  }
  return !record.empty();  // an empty file holds no document
}

bool RecordReader::State::one_line(std::string& record) {
  while (lines->next(record)) {
    line = lines->line_number();
    if (line == 1) drop_bom(record);
    if (!is_blank(record)) return true;
  }
  return false;
}

bool RecordReader::State::one_paragraph(std::string& record) {
  record.clear();
  std::string next;
  while (lines->next(next)) {
    if (lines->line_number() == 1) drop_bom(next);
    if (is_blank(next)) {
      if (!record.empty()) return true;
      continue;
    }
    if (record.empty()) line = lines->line_number();
    if (!record.empty()) record += '\n';
    record += next;
    if (record.size() > options.max_record) {
      throw data_error(fmt::format("{}: the paragraph has more than {} bytes", record_place(input, line),
                                   options.max_record),
                       "raise --max-line");
    }
  }
  return !record.empty();
}

RecordReader::RecordReader(const CorpusInput& input, const CorpusOptions& options)
    : state_(new State{input, options, ByteSource(input.path)}) {
  State& s = *state_;
  RecordParser parser{input.format, options.fields};
  if (input.format == CorpusFormat::csv || input.format == CorpusFormat::tsv) {
    const char separator = input.format == CorpusFormat::csv ? ',' : '\t';
    s.records = std::make_unique<CsvReader>(s.source, separator, options.max_record);
    std::string header, problem;
    if (s.records->next(header)) {
      drop_bom(header);
      if (!parse_csv_record(header, separator, parser.columns, problem)) {
        throw data_error(record_place(input, s.records->line_number()) + ": header: " + problem);
      }
      parser.text_column = find_column(parser.columns, options.fields.text);
      parser.id_column = find_column(parser.columns, options.fields.id);
      if (parser.text_column < 0) {
        throw data_error(
            fmt::format("{}: no column \"{}\" in the header (there is {})", record_place(input, 1),
                        options.fields.text, fmt::join(parser.columns, ", ")),
            "name the column with --text-field");
      }
    }
  } else if (input.format == CorpusFormat::jsonl || options.split != TextSplit::file) {
    s.lines = std::make_unique<LineReader>(s.source, options.max_record);
  }
  s.parser = std::make_shared<const RecordParser>(std::move(parser));
}

RecordReader::RecordReader(RecordReader&&) noexcept = default;
RecordReader::~RecordReader() = default;
uint64_t RecordReader::number() const { return state_->number; }
uint64_t RecordReader::line() const { return state_->line; }
const std::shared_ptr<const RecordParser>& RecordReader::parser() const { return state_->parser; }
const ByteSource& RecordReader::source() const { return state_->source; }

bool RecordReader::next(std::string& record) {
  State& s = *state_;
  bool found;
  if (s.records) {
    found = s.records->next(record);
    s.line = s.records->line_number();
  } else if (s.input.format == CorpusFormat::jsonl || s.options.split == TextSplit::line) {
    found = s.one_line(record);
  } else if (s.options.split == TextSplit::paragraph) {
    found = s.one_paragraph(record);
  } else {
    found = s.whole_file(record);
    drop_bom(record);
  }
  s.number += found;
  return found;
}

struct CorpusReader::State {
  CorpusOptions options;
  std::vector<CorpusInput> inputs;
  std::vector<FileDigest> digests;
  std::optional<RecordReader> reader;
  size_t next_input = 0;
  uint64_t finished_bytes = 0, total_bytes = 0;
  std::string record;
};

CorpusReader::CorpusReader(const std::vector<std::string>& paths, CorpusOptions options)
    : state_(new State{std::move(options)}) {
  State& s = *state_;
  s.inputs = list_corpus(paths, s.options.format);
  for (const CorpusInput& input : s.inputs) s.total_bytes += input.stream ? 0 : file_size(input.path);
}
CorpusReader::~CorpusReader() = default;
const std::vector<CorpusInput>& CorpusReader::inputs() const { return state_->inputs; }
const std::vector<FileDigest>& CorpusReader::digests() const { return state_->digests; }
uint64_t CorpusReader::raw_size() const { return state_->total_bytes; }
uint64_t CorpusReader::raw_position() const {
  return state_->finished_bytes + (state_->reader ? state_->reader->source().raw_position() : 0);
}

std::string CorpusReader::place() const {
  const State& s = *state_;
  return s.reader ? record_place(s.inputs[s.next_input - 1], s.reader->line()) : "";
}

bool CorpusReader::next(Document& document) {
  State& s = *state_;
  for (;;) {
    if (!s.reader) {
      if (s.next_input == s.inputs.size()) return false;
      s.reader.emplace(s.inputs[s.next_input++], s.options);
    }
    if (s.reader->next(s.record)) break;
    s.finished_bytes += s.reader->source().raw_position();
    s.digests.push_back(s.reader->source().raw_digest());
    s.reader.reset();
  }
  std::string problem;
  if (!s.reader->parser()->parse(s.record, document, problem)) throw data_error(place() + ": " + problem);
  if (document.id.empty()) {
    document.id = fmt::format("{}:{}", s.inputs[s.next_input - 1].name, s.reader->number());
    document.id_json.clear();
  }
  return true;
}

}  // namespace ds::formats
