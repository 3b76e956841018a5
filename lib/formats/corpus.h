// Text as documents, whatever it is stored in: JSONL, CSV, TSV, plain text; plain, gzip or zstd; files,
// folders, stdin.
//
// Two halves, so that the slow one can run in parallel: a RecordReader cuts one input into records (a line, a
// CSV record, a file, a paragraph) in order, and a RecordParser, a value that any thread may use, turns a
// record into a Document. CorpusReader is both in one for readers that need no more. Nothing here changes or
// checks the UTF-8 of a text.
//
// A document without an id gets `NAME:N`: NAME is the file's base name without .gz/.zst (below a folder input
// the path relative to it; "stdin" for stdin), N counts the records of that input from 1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/byte_source.h"
#include "formats/jsonl.h"

namespace ds::formats {

enum class CorpusFormat {
  automatic,
  text,
  jsonl,
  csv,
  tsv
};  // automatic: by extension; stdin is JSONL, unknown ones text
enum class TextSplit { file, line, paragraph };  // one document per …; blank ones are skipped, but not files

struct CorpusOptions {
  FieldNames fields;
  CorpusFormat format = CorpusFormat::automatic;
  TextSplit split = TextSplit::file;
  uint64_t max_record = uint64_t{1} << 30;  // bytes; a longer line, record or text file is a data error
};

struct CorpusInput {
  std::string path;  // a file or "-"
  std::string name;  // what ids begin with; unlike in all inputs of one list
  CorpusFormat format = CorpusFormat::text;
  bool stream = false;  // stdin, a FIFO: can be read once, and its size is not known
};

// Files as they stand, folders as the files below them with a known extension (.txt .text .md .jsonl .ndjson
// .json .csv .tsv, also with .gz or .zst), sorted by relative path, hidden ones and linked folders left out.
// A missing path is an io error, a folder without such a file a data error.
std::vector<CorpusInput> list_corpus(const std::vector<std::string>& paths, CorpusFormat format);

// How to read the records of one input.
struct RecordParser {
  CorpusFormat format = CorpusFormat::text;
  FieldNames fields;
  std::vector<std::string> columns;  // CSV, TSV: names from the header
  int text_column = -1, id_column = -1;

  // False, with `problem` filled, when the record is damaged or has no text. May change `record`. Does not
  // invent an id.
  bool parse(std::string& record, Document& document, std::string& problem,
             uint64_t* lone_surrogates = nullptr) const;
};

class RecordReader {
 public:
  RecordReader(const CorpusInput& input,
               const CorpusOptions& options);  // throws io; data for a header without the text column
  RecordReader(RecordReader&&) noexcept;
  ~RecordReader();

  bool next(std::string& record);  // false at the end; throws data
  uint64_t number() const;         // of the last record, from 1
  uint64_t line() const;           // where it begins, from 1
  const std::shared_ptr<const RecordParser>& parser() const;
  const ByteSource& source() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "in.jsonl: line 7: …" with the input's path.
std::string record_place(const CorpusInput& input, uint64_t line);

// Documents of several inputs, one after the other; every damaged record is a data error that names file and
// line.
class CorpusReader {
 public:
  CorpusReader(const std::vector<std::string>& paths, CorpusOptions options);
  ~CorpusReader();
  bool next(Document& document);  // false at the end; `id` is always set
  std::string place() const;      // of the last document, for messages
  uint64_t raw_position() const;  // bytes consumed of all inputs, before decompression
  uint64_t raw_size() const;      // of all inputs; 0 when unknown
  const std::vector<CorpusInput>& inputs() const;
  const std::vector<FileDigest>& digests() const;  // of the inputs read to their end so far, in order

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ds::formats
