// See cutter.h: lines, paragraphs, whole files.
#include "formats/cutter.h"

#include <fmt/format.h>

#include <cstring>

#include "base/error.h"

namespace ds::formats {
namespace {

const char* find(const char* p, const char* end, char c) {
  return static_cast<const char*>(std::memchr(p, c, static_cast<size_t>(end - p)));
}

class LineCutter : public Cutter {
 public:
  explicit LineCutter(CutterOptions o) : o_(std::move(o)) {}

  size_t cut(char* data, size_t size, bool at_end, Records& records) override {
    const char* p = data;
    const char* const end = data + size;
    const char* from = data + std::min(searched_, size);  // what an earlier call found no line end in
    searched_ = 0;
    while (p < end) {
      const char* stop = find(from, end, '\n');
      const auto length = static_cast<size_t>((stop ? stop : end) - p);
      if (length > o_.limit) {
        if (!records.empty()) break;
        throw data_error(fmt::format("{}: line {}: longer than {} bytes", o_.name, line_, o_.limit),
                         "one line is one document: is this file really text with line ends? --max-line "
                         "raises the limit");
      }
      if (!stop && !at_end) {
        searched_ = length;
        break;
      }
      const size_t bom = line_ == 1 ? bom_size({p, length}) : 0;
      // Nearly every line begins with something to see.
      if (length > bom && (static_cast<unsigned char>(p[bom]) > ' ' || !is_blank({p + bom, length - bom}))) {
        records.push_back({static_cast<size_t>(p - data) + bom, length - bom, line_});
      }
      ++line_;
      from = p = stop ? stop + 1 : end;
    }
    return static_cast<size_t>(p - data);
  }

 private:
  CutterOptions o_;
  uint64_t line_ = 1;
  size_t searched_ = 0;
};

class ParagraphCutter : public Cutter {
 public:
  explicit ParagraphCutter(CutterOptions o) : o_(std::move(o)) {}

  size_t cut(char* data, size_t size, bool at_end, Records& records) override {
    const char* p = data;
    const char* const end = data + size;
    size_t used = 0;
    uint64_t line = line_;
    const char *first = nullptr, *last = nullptr;  // of the paragraph that we are in
    uint64_t first_line = 0;
    const auto close = [&] {
      if (first)
        records.push_back({static_cast<size_t>(first - data), static_cast<size_t>(last - first), first_line});
      first = nullptr;
    };
    for (;;) {
      const char* stop = p < end ? find(p, end, '\n') : nullptr;
      const bool whole = stop || (at_end && p < end);
      const char* const line_end = stop ? stop : end;
      const bool blank = is_blank({p, line_end});
      if (static_cast<size_t>(line_end - p) > o_.limit ||
          (first && !blank && static_cast<size_t>(line_end - first) > o_.limit)) {
        if (!records.empty()) break;
        throw data_error(fmt::format("{}: line {}: the paragraph has more than {} bytes", o_.name,
                                     first ? first_line : line, o_.limit),
                         "raise --max-line");
      }
      if (!whole) break;
      const char* const begin = p + (line == 1 ? bom_size({p, line_end}) : 0);
      p = stop ? stop + 1 : end;
      if (is_blank({begin, line_end})) {
        close();
      } else {
        if (!first) first = begin, first_line = line;
        last = line_end;
      }
      ++line;
      if (!first) used = static_cast<size_t>(p - data), line_ = line;
    }
    if (at_end && p == end) {
      close();
      used = size;
      line_ = line;
    }
    return used;
  }

 private:
  CutterOptions o_;
  uint64_t line_ = 1;  // at the first byte not done with
};

class FileCutter : public Cutter {
 public:
  FileCutter(CutterOptions o, bool utf8) : o_(std::move(o)), utf8_(utf8) {}

  size_t cut(char* data, size_t size, bool at_end, Records& records) override {
    check_text_size(o_.name, size, o_.limit);
    if (!at_end) return 0;
    const std::string_view text(data, size);
    if (utf8_) check_not_utf16(o_.name, text);
    const size_t bom = utf8_ ? bom_size(text) : 0;
    if (size > 0) records.push_back({bom, size - bom, 1});  // an empty file holds no document
    return size;
  }

 private:
  CutterOptions o_;
  bool utf8_;
};

}  // namespace

void check_text_size(const std::string& name, uint64_t size, uint64_t limit) {
  if (size <= limit) return;
  throw data_error(
      fmt::format("{}: the file has more than {} bytes", name, limit),
      "it is read as one document; cut it with --split line or --split paragraph, or raise --max-line");
}

void check_not_utf16(const std::string& name, std::string_view head) {
  if (!head.starts_with("\xFF\xFE") && !head.starts_with("\xFE\xFF")) return;
  throw data_error(name + ": the text is UTF-16, expected UTF-8", "convert it: iconv -f UTF-16 -t UTF-8");
}

std::unique_ptr<Cutter> line_cutter(CutterOptions o) { return std::make_unique<LineCutter>(std::move(o)); }
std::unique_ptr<Cutter> paragraph_cutter(CutterOptions o) {
  return std::make_unique<ParagraphCutter>(std::move(o));
}
std::unique_ptr<Cutter> file_cutter(CutterOptions o) {
  return std::make_unique<FileCutter>(std::move(o), true);
}
std::unique_ptr<Cutter> page_cutter(CutterOptions o) {
  return std::make_unique<FileCutter>(std::move(o), false);
}

}  // namespace ds::formats
