// See csv.h. One pass over the bytes with three states: in a field, in quotes, behind a quote that may have
// closed them.
#include "formats/csv.h"

#include <fmt/format.h>

#include <cstring>

#include "base/error.h"

namespace ds::formats {

struct CsvReader::State {
  ByteSource& source;
  char separator;
  uint64_t limit;
  std::string buffer = std::string(size_t{1} << 18, '\0');
  size_t at = 0, size = 0;
  uint64_t line = 1, record_line = 1, quote_line = 1;
  bool ended = false;

  bool fill() {
    if (at < size) return true;
    at = 0;
    size = ended ? 0 : source.read(buffer.data(), buffer.size());
    ended = ended || size == 0;
    return size > 0;
  }
  void keep(std::string& record, const char* from, const char* to) const {
    record.append(from, to);
    if (record.size() > limit) {
      throw data_error(
          fmt::format("{}: line {}: the record has more than {} bytes", source.name(), record_line, limit),
          "look for a stray quote, or raise --max-line");
    }
  }
};

CsvReader::CsvReader(ByteSource& source, char separator, uint64_t limit)
    : state_(new State{source, separator, limit}) {}
CsvReader::~CsvReader() = default;
uint64_t CsvReader::line_number() const { return state_->record_line; }

bool CsvReader::next(std::string& record) {
  State& s = *state_;
  enum { kFieldStart, kField, kQuoted, kQuoteSeen } where = kFieldStart;
  record.clear();
  s.record_line = s.line;
  while (s.fill()) {
    const char* const start = s.buffer.data() + s.at;
    const char* const end = s.buffer.data() + s.size;
    const char* p = start;
    bool complete = false;
    while (p < end && !complete) {
      if (where == kQuoted) {
        for (; p < end && *p != '"'; ++p) s.line += *p == '\n';
        if (p == end) break;
        where = kQuoteSeen;
        ++p;
      } else if (*p == '"' && where == kFieldStart) {
        s.quote_line = s.line;
        where = kQuoted;
        ++p;
      } else if (*p == '"' && where == kQuoteSeen) {
        where = kQuoted;
        ++p;
      } else if (*p == '\n') {
        complete = true;
      } else {
        where = *p == s.separator ? kFieldStart : kField;
        ++p;
      }
    }
    s.keep(record, start, p);
    s.at = static_cast<size_t>(p - s.buffer.data());
    if (!complete) continue;
    ++s.at;
    ++s.line;
    where = kFieldStart;
    if (!record.empty() && record.back() == '\r') record.pop_back();
    if (!record.empty()) return true;
    s.record_line = s.line;
  }
  if (where == kQuoted) {
    throw data_error(
        fmt::format("{}: line {}: a quote opens here and is never closed", s.source.name(), s.quote_line),
        "a quote inside a quoted field must be doubled");
  }
  if (!record.empty() && record.back() == '\r') record.pop_back();
  return !record.empty();
}

bool parse_csv_record(std::string_view record, char separator, std::vector<std::string>& fields,
                      std::string& problem) {
  fields.clear();
  const char* p = record.data();
  const char* const end = p + record.size();
  for (;;) {
    std::string& field = fields.emplace_back();
    if (p < end && *p == '"') {
      for (++p;;) {
        const char* quote = static_cast<const char*>(std::memchr(p, '"', static_cast<size_t>(end - p)));
        if (!quote) {
          problem = fmt::format("field {} opens a quote that is never closed", fields.size());
          return false;
        }
        field.append(p, quote);
        p = quote + 1;
        if (p == end || *p != '"') break;
        field += '"';
        ++p;
      }
      if (p < end && *p != separator) {
        problem = fmt::format("field {} goes on behind its closing quote with '{}'", fields.size(), *p);
        return false;
      }
    } else {
      const char* stop =
          p == end ? nullptr
                   : static_cast<const char*>(std::memchr(p, separator, static_cast<size_t>(end - p)));
      if (!stop) stop = end;
      field.assign(p, stop);
      p = stop;
    }
    if (p == end) return true;
    ++p;  // the separator
  }
}

}  // namespace ds::formats
