// See spill.h. Numbers are little-endian; a frame is number (8 bytes), size (8 bytes), bytes.
#include "clean/spill.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "clean/pipeline.h"
#include "formats/buffer.h"

namespace ds::clean {
namespace {

constexpr size_t kHeader = 16, kBuffer = size_t{1} << 18;

// Where bytes are put: a std::string, or one of these two.
struct Counter {
  uint64_t size = 0;
  void append(std::string_view s) { size += s.size(); }
};
struct Pieces {
  LineSink& sink;
  void append(std::string_view s) { sink.write(s); }
};

template <class Out>
void put_u64(Out& out, uint64_t v) {
  char bytes[8];
  std::memcpy(bytes, &v, 8);
  out.append(std::string_view(bytes, 8));
}
template <class Out>
void put_text(Out& out, std::string_view s) {
  put_u64(out, s.size());
  out.append(s);
}
template <class Out>
void put_double(Out& out, double v) {
  uint64_t bits;
  std::memcpy(&bits, &v, 8);
  put_u64(out, bits);
}

// Reads what was put; past the end it throws.
struct Cursor {
  std::string_view left;
  std::string_view take(uint64_t n) {
    if (n > left.size())
      throw data_error("a document in the work folder is damaged", "run again with --resume never");
    const std::string_view s = left.substr(0, n);
    left.remove_prefix(n);
    return s;
  }
  uint64_t u64() {
    uint64_t v;
    std::memcpy(&v, take(8).data(), 8);
    return v;
  }
  double number() {
    const uint64_t bits = u64();
    double v;
    std::memcpy(&v, &bits, 8);
    return v;
  }
  std::string_view text() { return take(u64()); }
};

enum ItemBits : uint64_t { kHasLanguage = 1, kHasOriginal = 2 };

}  // namespace

void append_frame(std::string& out, uint64_t number, std::string_view bytes) {
  put_u64(out, number);
  put_text(out, bytes);
}

template <class Out>
void ItemCodec::put(const Item& item, Out& out) {
  const bool original = item.changed() && item.keep_original;
  put_u64(out, (item.has_language_ ? uint64_t{kHasLanguage} : 0) | (original ? uint64_t{kHasOriginal} : 0));
  put_u64(out, static_cast<uint64_t>(item.language_));
  put_u64(out, item.revision_);
  put_u64(out, item.chars_in);
  put_u64(out, item.bytes_in);
  put_text(out, item.document.id);
  put_text(out, item.document.id_json);
  put_text(out, item.document.text);
  put_text(out, item.document.rest);
  if (original) put_text(out, item.original);
  put_text(out, item.language_label);
  put_double(out, item.language_score);
  put_u64(out, item.broken.size());
  for (const Rejection& r : item.broken) {
    put_u64(out, r.rule);
    put_double(out, r.value);
    put_text(out, r.of);
  }
  put_u64(out, item.measures.size());
  for (const Measure& m : item.measures) {
    put_u64(out, m.rule);
    put_double(out, m.value);
  }
}

void ItemCodec::encode(const Item& item, std::string& out) { put(item, out); }

void append_item(std::string& out, const Item& item) {
  put_u64(out, item.number);
  const size_t size_at = out.size();
  put_u64(out, 0);
  ItemCodec::encode(item, out);
  const uint64_t size = out.size() - size_at - 8;
  std::memcpy(out.data() + size_at, &size, 8);
}

void write_item(LineSink& out, const Item& item) {
  Counter counter;
  ItemCodec::put(item, counter);
  Pieces pieces{out};
  put_u64(pieces, item.number);
  put_u64(pieces, counter.size);
  ItemCodec::put(item, pieces);
}

void write_line(LineSink& out, const Item& item, std::string_view extra, bool framed) {
  if (framed) {
    Counter counter;
    formats::write_document(item.document, extra, [&](std::string_view s) { counter.append(s); });
    Pieces pieces{out};
    put_u64(pieces, item.number);
    put_u64(pieces, counter.size);
  }
  formats::write_document(item.document, extra, [&](std::string_view s) { out.write(s); });
}

void append_signature(std::string& out, uint64_t number, std::string_view id, std::string_view signature) {
  put_u64(out, number);
  put_u64(out, 8 + id.size() + signature.size());
  put_text(out, id);
  out += signature;
}

FrameReader::FrameReader(const std::string& path, uint64_t begin)
    : path_(path), fd_(open_read(path)), buffer_(kBuffer), offset_(begin) {
  if (begin && ::lseek(fd_.get(), static_cast<off_t>(begin), SEEK_SET) < 0)
    throw errno_error(path, "cannot seek", errno);
  ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

bool FrameReader::fill(size_t wanted) {
  if (end_ - at_ >= wanted) return true;
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  if (buffer_.size() < wanted) buffer_.resize(wanted);
  while (end_ < wanted) {
    const size_t n = read_some(fd_.get(), buffer_.data() + end_, buffer_.size() - end_, path_);
    if (n == 0) return false;
    end_ += n;
  }
  return true;
}

Error FrameReader::damaged() const {
  return data_error(fmt::format("{}: ends inside the frame at byte {}", path_, offset_),
                    "remove the work folder, or run again with --resume never");
}

bool FrameReader::peek(uint64_t& number, uint64_t& size) {
  if (!fill(kHeader)) {
    if (end_ > at_) throw damaged();
    return false;
  }
  std::memcpy(&number, buffer_.data() + at_, 8);
  std::memcpy(&size, buffer_.data() + at_ + 8, 8);
  if (size > kBuffer && file_size(path_) < offset_ + kHeader + size) throw damaged();
  return true;
}

bool FrameReader::next(uint64_t& number, std::string_view& bytes) {
  uint64_t size;
  if (!peek(number, size)) return false;
  if (!fill(kHeader + size)) throw damaged();
  bytes = {buffer_.data() + at_ + kHeader, size};
  at_ += kHeader + size;
  offset_ += kHeader + size;
  return true;
}

void FrameReader::take(uint64_t size, const std::function<void(std::string_view)>& put) {
  at_ += kHeader;
  for (uint64_t left = size; left > 0;) {
    if (!fill(1)) throw damaged();
    const auto n = std::min<uint64_t>(left, end_ - at_);
    put({buffer_.data() + at_, n});
    at_ += n;
    left -= n;
  }
  offset_ += kHeader + size;
}

void ItemCodec::decode(std::string_view bytes, const Pipeline& pipeline, Item& item,
                       formats::Buffer* holder) {
  item.reset();
  Cursor in{bytes};
  const auto take_text = [&](std::string& out) {
    const std::string_view text = in.text();
    out.clear();
    if (holder) {
      holder->move_to(out, static_cast<size_t>(text.data() - holder->data()), text.size());
    } else {
      out = text;
    }
  };
  const uint64_t bits = in.u64();
  const uint64_t language = in.u64();
  item.has_language_ = bits & kHasLanguage;
  item.language_ = static_cast<text::Language>(language);
  item.revision_ = static_cast<uint32_t>(in.u64());
  item.chars_in = in.u64();
  item.bytes_in = in.u64();
  item.document.id = in.text();
  item.document.id_json = in.text();
  take_text(item.document.text);
  item.document.rest = in.text();
  if (bits & kHasOriginal) take_text(item.original);
  item.language_label = in.text();
  item.language_score = in.number();
  for (uint64_t n = in.u64(); n > 0; --n) {
    const uint64_t rule = in.u64();
    const double value = in.number();
    const std::string_view of = in.text();
    if (rule >= pipeline.rules().size()) throw data_error("a document in the work folder names no rule");
    const BoundRule& bound = pipeline.rules()[rule];
    item.broken.push_back({pipeline.stages()[bound.step].spec.kind->name, bound.rule->reason, value,
                           bound.limit, std::string(of), static_cast<uint32_t>(rule)});
  }
  for (uint64_t n = in.u64(); n > 0; --n) {
    const auto rule = static_cast<uint32_t>(in.u64());
    item.measures.push_back({rule, in.number()});
  }
}

SignatureFiles::SignatureFiles(std::vector<SignaturePart> parts) : parts_(std::move(parts)) {
  for (const SignaturePart& part : parts_) {
    documents_ += part.documents;
    bytes_ += file_size(part.path);
  }
}

void SignatureFiles::rewind() {
  reader_.reset();
  at_ = 0;
  base_ = 0;
}

bool SignatureFiles::next(Signature& out) {
  for (; at_ < parts_.size(); base_ += parts_[at_++].documents, reader_.reset()) {
    if (!reader_) reader_ = std::make_unique<FrameReader>(parts_[at_].path);
    std::string_view bytes;
    if (!reader_->next(out.number, bytes)) continue;
    if (out.number >= parts_[at_].documents)
      throw data_error(parts_[at_].path + ": a document's number is too large", "make the signatures again");
    out.number += base_;
    Cursor in{bytes};
    out.id = in.text();
    out.bytes = in.left;
    return true;
  }
  return false;
}

void decide(const CorpusStep& step, const std::vector<SignaturePart>& parts,
            const std::vector<std::string>& decisions, const Workspace& workspace) {
  SignatureFiles source(parts);
  size_t at = 0;
  uint64_t base = 0, last = 0;
  bool any = false;
  std::optional<AppendFile> file;
  const auto open = [&] {
    file.emplace(decisions[at]);
    file->restore(0);
  };
  const auto close = [&] {
    file->close();
    base += parts[at++].documents;
  };
  if (!parts.empty()) open();
  std::string frame;
  Decisions out{[&](uint64_t number, std::string_view decision) {
    if (number >= source.documents() || (any && number <= last))
      throw internal_error(
          fmt::format("decision for document {} after {} of {}", number, last, source.documents()));
    any = true;
    last = number;
    while (number - base >= parts[at].documents) close(), open();
    frame.clear();
    append_frame(frame, number - base, decision);
    file->write(frame);
  }};
  step.decide(source, out, workspace);
  while (at < parts.size()) {
    close();
    if (at < parts.size()) open();
  }
}

void merge_frames(const std::vector<std::string>& paths, LineSink& out) {
  struct Head {
    FrameReader reader;
    uint64_t number = 0, size = 0;
    bool more = true;
  };
  std::vector<std::unique_ptr<Head>> heads;
  for (const std::string& path : paths) {
    heads.push_back(std::make_unique<Head>(Head{FrameReader(path), 0, 0, true}));
    heads.back()->more = heads.back()->reader.peek(heads.back()->number, heads.back()->size);
  }
  for (;;) {
    Head* first = nullptr;
    for (const auto& head : heads) {
      if (head->more && (!first || head->number < first->number)) first = head.get();
    }
    if (!first) return;
    first->reader.take(first->size, [&](std::string_view bytes) { out.write(bytes); });
    first->more = first->reader.peek(first->number, first->size);
  }
}

}  // namespace ds::clean
