// The loop of ds-tokenize encode: reads, encodes on all threads, hands over in order, notes where it stands.
#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "base/io.h"
#include "base/parallel.h"
#include "ds-tokenize/encode_checkpoint.h"
#include "tokenizer/parallel_encode.h"

namespace ds::tokenize {
namespace {

using tokenizer::Encoder;
using Clock = std::chrono::steady_clock;

constexpr size_t kLarge = size_t{4} << 20;           // bytes of a text that all threads encode together
constexpr uint64_t kInFlight = uint64_t{256} << 20;  // bytes of text that are read ahead
constexpr size_t kPart = size_t{1} << 20;            // ids of it that are held
constexpr size_t kTogether = size_t{64} << 10;       // bytes of short texts that go together

// A signal in the middle of a large text.
struct Stopped {};

// What a thread needs to encode batches.
struct Worker {
  Encoder encoder;
  std::vector<formats::Document> documents;
  std::vector<std::string_view> texts;
  std::vector<uint32_t> ids;
  std::vector<size_t> ends;
};

class Loop {
 public:
  Loop(EncodeJob& job, const EncodeHow& how, EncodeOutput& output)
      : job_(job),
        how_(how),
        output_(output),
        workers_([&job] { return Worker{Encoder(job.tokenizer()), {}, {}, {}, {}}; }),
        cuts_(!how.whole && tokenizer::can_encode_in_parts(job.tokenizer())) {}

  std::optional<std::vector<Source>> run() {
    resume();
    try {
      if (!read() || job_.ctx.run.stop.requested()) return stopped(!inside_);
    } catch (const Stopped&) {
      return stopped(false);
    } catch (const Error& e) {
      if (saved_ && (e.kind() == ErrorKind::io || e.kind() == ErrorKind::resource)) {
        output_.keep();
      } else {
        forget();
      }
      throw;
    }
    return sources_;
  }

 private:
  struct Item {
    Batch batch;
    Encoded out;
    bool large = false;
    uint64_t weight = 0;
  };

  void resume() {
    const std::string& when = job_.ctx.common.resume;
    std::optional<Checkpoint> found;
    if (when != "never" && !job_.ctx.common.force) found = read_checkpoint(job_);
    try {
      saved_ = found && output_.restore(found->place);
    } catch (const nlohmann::json::exception&) {  // a damaged checkpoint
    }
    if (saved_) {
      sources_ = std::move(found->sources);
      uint64_t documents = 0;
      for (const Source& s : sources_) documents += s.documents;
      job_.ctx.run.log.info(fmt::format("going on after {} documents of an earlier run", documents));
    } else if (when == "must") {
      throw usage_error(
          "--resume must: there is no run to go on from",
          "--resume auto starts anew; a run is another one when inputs, tokenizer or options differ");
    } else {
      forget();
      output_.restore(nullptr);
    }
    for (size_t i = 0; i < job_.documents.inputs().size(); ++i) {
      if (i + 1 < sources_.size()) {
        job_.documents.skip_all(i, sources_[i].digest);
      } else if (i < job_.reuse.size() && job_.reuse[i].whole) {
        job_.documents.skip_all(i, *job_.reuse[i].whole);
      } else if (i + 1 == sources_.size()) {
        job_.documents.skip(i, sources_[i].documents);
      } else if (i < job_.reuse.size()) {
        job_.documents.skip(i, job_.reuse[i].documents);
      }
    }
  }

  // False when a signal ended it.
  bool read() {
    Run& run = job_.ctx.run;
    Documents& documents = job_.documents;
    const formats::TextParts::Cut cut = [&](std::string_view text, size_t from) {
      return tokenizer::next_encoding_cut_of_any(job_.tokenizer(), text, from);
    };
    run.progress.start("encode", "B", documents.raw_size());
    ordered_map<Item>(
        documents.small() ? 1 : run.threads,
        [&]() -> std::optional<Item> {
          Item item;
          if (!documents.next(item.batch, run, how_.whole ? nullptr : &cut)) return std::nullopt;
          run.progress.update(documents.raw_position());
          item.large = cuts_ && item.batch.largest() >= kLarge;
          item.weight = item.batch.block.bytes.size();
          return item;
        },
        [&](Item& item) {
          if (item.large) return;
          workers_.with([&](Worker& w) { encode(w, item.batch, item.out); });
          item.batch.block = {};
        },
        [&](Item& item) {
          begin(item.batch.index);
          if (item.batch.part) {
            take_part(item.batch, item.out);
          } else if (item.large) {
            take_large(item.batch);
          } else {
            take(item.out);
          }
          if (!inside_) save(false);
        },
        [](const Item& item) { return item.weight; }, kInFlight);
    if (run.stop.requested()) return false;
    run.progress.finish();
    begin(documents.inputs().size());
    if (saved_) save(true);  // what is left may take its time, too
    return true;
  }

  void encode(Worker& w, Batch& batch, Encoded& out) {
    out.ids.reserve(batch.block.bytes.size() / 3);
    if (batch.part) {
      out.bytes = batch.part_bytes;
      return w.encoder.encode(batch.block.bytes.view(), out.ids, job_.options.specials_in_text);
    }
    if (how_.whole) {
      return batch.for_each([&](formats::Document& d) {
        out.bytes += d.text.size();
        how_.whole(w.encoder, d, out);
        end_document(out);
      });
    }
    size_t count = 0, bytes = 0;
    const auto together = [&] {
      encode_together(w, count, out);
      count = bytes = 0;
    };
    batch.for_each([&](formats::Document& d) {
      if (count == w.documents.size()) w.documents.emplace_back();
      std::swap(w.documents[count++], d);
      bytes += w.documents[count - 1].text.size();
      if (bytes >= kTogether) together();
    });
    together();
  }

  // The first `count` documents of the worker.
  void encode_together(Worker& w, size_t count, Encoded& out) {
    w.texts.clear();
    w.ids.clear();
    w.ends.clear();
    for (size_t i = 0; i < count; ++i) w.texts.push_back(w.documents[i].text);
    w.encoder.encode_many(w.texts, w.ids, w.ends, job_.options.specials_in_text);
    auto from = w.ids.cbegin();
    for (size_t i = 0; i < count; ++i) {
      formats::Document& d = w.documents[i];
      const auto to = w.ids.cbegin() + static_cast<ptrdiff_t>(w.ends[i]);
      const size_t begin = out.ids.size();
      out.ids.insert(out.ids.end(), how_.before.begin(), how_.before.end());
      out.ids.insert(out.ids.end(), from, to);
      out.ids.insert(out.ids.end(), how_.behind.begin(), how_.behind.end());
      if (how_.line) how_.line(d, std::span(out.ids).subspan(begin), out.lines);
      out.bytes += d.text.size();
      end_document(out);
      from = to;
      if (d.text.capacity() > 4 * kTogether) d = {};
    }
  }

  static void end_document(Encoded& out) {
    ++out.documents;
    out.ends.push_back(out.ids.size());
  }

  void take(const Encoded& e) {
    output_.take(e);
    sources_.back().documents += e.documents;
    sources_.back().bytes += e.bytes;
    sources_.back().tokens += e.ids.size();
  }

  void take_part(const Batch& batch, const Encoded& part) {
    if (!inside_) begin_document();
    take_ids(part.ids);
    open_.bytes += part.bytes;
    if (!batch.last_part) return;
    formats::Document d;
    d.id = batch.input->name + ":1";
    take_open(d);
  }

  void take_large(Batch& batch) {
    if (!parallel_) parallel_.emplace(job_.tokenizer(), job_.ctx.run.threads);
    batch.for_each([&](formats::Document& d) {
      begin_document();
      open_.bytes = d.text.size();
      if (d.text.size() >= kLarge) {
        parallel_->encode(
            d.text, [&](std::span<const uint32_t> ids) { take_ids(ids); }, job_.options.specials_in_text);
      } else {
        workers_.with([&](Worker& w) { w.encoder.encode(d.text, open_.ids, job_.options.specials_in_text); });
      }
      take_open(d);
    });
  }

  // A document whose ids come bit by bit.
  void begin_document() {
    open_ = {};
    open_.ids = how_.before;
    inside_ = true;
  }
  void take_ids(std::span<const uint32_t> ids) {
    if (job_.ctx.run.stop.requested()) throw Stopped{};
    if (open_.ids.empty() && output_.take_part(ids)) {
      sources_.back().tokens += ids.size();
      return;
    }
    open_.ids.insert(open_.ids.end(), ids.begin(), ids.end());
    if (open_.ids.size() < kPart || !output_.take_part(open_.ids)) return;
    sources_.back().tokens += open_.ids.size();
    open_.ids.clear();
  }
  void take_open(const formats::Document& d) {
    open_.ids.insert(open_.ids.end(), how_.behind.begin(), how_.behind.end());
    if (how_.line) how_.line(d, open_.ids, open_.lines);
    end_document(open_);
    take(open_);
    open_ = {};
    inside_ = false;
  }

  // The inputs before `index` are done, and it is begun.
  void begin(size_t index) {
    const auto& inputs = job_.documents.inputs();
    while (sources_.size() < index + 1) {
      if (!sources_.empty()) sources_.back().digest = job_.documents.digest(sources_.size() - 1);
      const size_t i = sources_.size();
      if (i == inputs.size()) return;
      sources_.push_back({inputs[i].name, 0, 0, 0, {}});
      if (i >= job_.reuse.size() || job_.reuse[i].documents == 0) continue;
      const Reuse& r = job_.reuse[i];
      output_.take_over(r);
      sources_.back().documents = r.documents;
      sources_.back().bytes = r.bytes;
      sources_.back().tokens = r.tokens;
    }
  }

  void save(bool at_once) {
    if (job_.checkpoint.empty()) return;
    const std::chrono::duration<double> since = Clock::now() - last_;
    if (!at_once && since.count() < job_.options.checkpoint_every) return;
    write_checkpoint(job_, {sources_, output_.sync()});
    saved_ = true;
    last_ = Clock::now();
  }

  void forget() {
    if (!job_.checkpoint.empty()) remove_file(job_.checkpoint);
    saved_ = false;
  }

  std::nullopt_t stopped(bool between_documents) {
    if (between_documents && !sources_.empty()) save(true);
    if (saved_) {
      output_.keep();
      job_.ctx.run.log.info("stopped; the same command goes on from here");
    }
    return std::nullopt;
  }

  EncodeJob& job_;
  const EncodeHow& how_;
  EncodeOutput& output_;
  Pool<Worker> workers_;
  const bool cuts_;
  std::optional<tokenizer::ParallelEncoder> parallel_;
  std::vector<Source> sources_;  // of the inputs begun
  Encoded open_;                 // what is held of a document whose ids come bit by bit
  bool inside_ = false;          // such a document
  bool saved_ = false;           // there is a checkpoint
  Clock::time_point last_ = Clock::now();
};

}  // namespace

std::optional<std::vector<Source>> encode_all(EncodeJob& job, const EncodeHow& how, EncodeOutput& output) {
  return Loop(job, how, output).run();
}

}  // namespace ds::tokenize
