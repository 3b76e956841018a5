// Text as documents, whatever it is stored in: JSONL, JSON arrays, CSV, TSV, plain text, WARC and WET, HTML;
// plain or compressed; files, folders, patterns, lists of files, stdin.
//
// Two halves, so that the slow one can run in parallel: a RecordReader cuts one input into records (a line, a
// CSV record, a file, a paragraph, an element of an array, a WARC record) in order, many of them at a time
// and without copying them apart, and a RecordParser, a value that any thread may use, turns a record into a
// Document. CorpusReader is both in one for readers that need no more. Nothing here changes or checks the
// UTF-8 of a text; web pages in another charset become UTF-8 (web_page.h). So UTF-8 is best repaired in the
// Document (text, id, id_json, rest): a record may be a page in another charset.
//
// A document without an id gets `NAME:N`: NAME is the file's base name without .gz, .zst, .xz, .bz2 (below a
// folder input the path relative to it; "stdin" for stdin), N counts the records of that input from 1.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/buffer.h"
#include "formats/byte_source.h"
#include "formats/jsonl.h"

namespace ds::formats {

enum class CorpusFormat {
  automatic,  // by extension; stdin is JSONL, unknown ones text. JSONL that begins with '[' is read as json,
              // stdin that begins with "WARC/" as warc
  text,
  jsonl,
  csv,
  tsv,
  json,  // arrays of objects: [{…},{…}], or such an array inside an object ({"data":[…]}); also objects that
         // follow each other, whatever the white space between and in them (json_records.h)
  warc,  // WARC 1.0 and 1.1, WET: responses and resources that are text, and conversions (warc.h)
  html,  // one document a file, with "content_type":"text/html"
};
enum class TextSplit { file, line, paragraph };  // one document per …; blank ones are skipped, but not files

struct CorpusOptions {
  FieldNames fields;  // names or paths of text and id, and which other members to keep
  CorpusFormat format = CorpusFormat::automatic;
  TextSplit split = TextSplit::file;
  uint64_t max_record = uint64_t{1} << 30;  // bytes; a longer line, record or text file is a data error
  std::string delimiter;  // between CSV and TSV fields; any string without quote or line end; "": comma, tab
  char quote = '"';       // of CSV and TSV fields; 0: quotes mean nothing
  int threads = 1;        // more: compressed inputs are unpacked on as many threads of their own
  bool hash = true;       // source().raw_digest() can be asked for; false saves the time
};

struct CorpusInput {
  std::string path;  // a file or "-"
  std::string name;  // what ids begin with, UTF-8; unlike in all inputs of one list
  CorpusFormat format = CorpusFormat::text;
  bool stream = false;  // stdin, a FIFO: can be read once, and its size is not known
};

// Patterns and lists replaced by what they stand for; files, folders and "-" stay as they are. A pattern has
// * ? [a-z] within a name and ** for any folders between; it matches what a shell's would (with **, files
// alone), sorted. "@FILE" is a list of paths and patterns, one a line (blank lines and those that begin with
// # are left out; "@-" is read from stdin). A path that exists is never taken for a pattern or a list. Throws
// io when a pattern matches nothing.
std::vector<std::string> expand_paths(const std::vector<std::string>& paths);

// expand_paths, then: files as they stand, folders as the files below them with a known extension (.txt .text
// .md .jsonl .ndjson .json .csv .tsv .warc .wet .html .htm .xhtml, also with .gz .bgz .zst .xz .bz2), sorted
// by relative path, hidden ones and linked folders left out. A missing path is an io error, a folder without
// such a file a data error.
std::vector<CorpusInput> list_corpus(const std::vector<std::string>& paths, CorpusFormat format);

// How to read the records of one input.
struct RecordParser {
  CorpusFormat format = CorpusFormat::text;
  FieldNames fields;
  std::string delimiter = ",";  // CSV, TSV
  char quote = '"';
  std::vector<std::string> columns;  // CSV, TSV: names from the header
  int text_column = -1, id_column = -1;
  uint64_t max_record = uint64_t{1} << 30;  // WARC: of a body that is compressed inside

  // False, with `problem` filled, when the record is damaged or has no text. May change `record` (a
  // std::string will do). Does not invent an id. `holder`: see parse_document().
  bool parse(std::span<char> record, Document& document, std::string& problem,
             uint64_t* lone_surrogates = nullptr, Buffer* holder = nullptr) const;
};

// Records that follow each other in one input, in one piece of memory.
struct RecordBlock {
  struct Record {
    size_t begin = 0, size = 0;  // in `bytes`
    uint64_t line = 0;           // where it begins, from 1 (WARC: its number among all records of the file)
  };
  Buffer bytes;
  std::vector<Record> records;
  uint64_t first_number = 1;  // of records[0] in the input, from 1
  std::shared_ptr<const RecordParser> parser;

  std::span<char> record(size_t i) { return {bytes.data() + records[i].begin, records[i].size}; }
};

class RecordReader {
 public:
  RecordReader(const CorpusInput& input,
               const CorpusOptions& options);  // throws io; data for a header without the text column
  RecordReader(RecordReader&&) noexcept;
  ~RecordReader();

  // The next records, about `bytes` of them and at least one; false at the end. Throws data, but never in
  // place of records that stand before the damage. A block that is handed in again lends its memory. Use
  // either this or next().
  bool next_block(RecordBlock& block, size_t bytes = size_t{1} << 18);

  bool next(std::string& record);  // false at the end; throws data
  uint64_t number() const;         // of the last record, from 1
  uint64_t line() const;           // where it begins, from 1
  const std::shared_ptr<const RecordParser>& parser() const;
  const ByteSource& source() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "in.jsonl: line 7" with the input's path.
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
