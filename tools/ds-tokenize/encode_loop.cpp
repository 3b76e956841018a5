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

// A signal in the middle of a large text.
struct Stopped {};

class Loop {
 public:
  Loop(EncodeJob& job, const EncodeOne& one, EncodeOutput& output)
      : job_(job),
        one_(one),
        output_(output),
        encoders_([&job] { return Encoder(job.tokenizer()); }),
        cuts_(job.large_texts && tokenizer::can_encode_in_parts(job.tokenizer())) {}

  std::optional<std::vector<Source>> run() {
    resume();
    try {
      if (!read() || job_.ctx.run.stop.requested()) return stopped(true);
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
    run.progress.start("encode", "B", documents.raw_size());
    ordered_map<Item>(
        run.threads,
        [&]() -> std::optional<Item> {
          Item item;
          if (!documents.next(item.batch, run)) return std::nullopt;
          run.progress.update(documents.raw_position());
          item.large = cuts_ && item.batch.largest() >= kLarge;
          item.weight = item.batch.block.bytes.size();
          return item;
        },
        [&](Item& item) {
          if (item.large) return;
          encoders_.with([&](Encoder& encoder) {
            item.batch.for_each([&](formats::Document& d) { encode(encoder, d, item.out, nullptr); });
          });
          item.batch.block = {};
        },
        [&](Item& item) {
          begin(item.batch.index);
          if (item.large) {
            take_large(item.batch);
          } else {
            take(item.out);
          }
          save(false);
        },
        [](const Item& item) { return item.weight; }, kInFlight);
    if (run.stop.requested()) return false;
    run.progress.finish();
    begin(documents.inputs().size());
    if (saved_) save(true);  // what is left may take its time, too
    return true;
  }

  void encode(Encoder& encoder, formats::Document& d, Encoded& e, const LargeText* large) {
    e.bytes += d.text.size();
    ++e.documents;
    one_(encoder, d, e, large);
    e.ends.push_back(e.ids.size());
  }

  void take(const Encoded& e) {
    output_.take(e);
    sources_.back().documents += e.documents;
    sources_.back().bytes += e.bytes;
    sources_.back().tokens += e.ids.size();
  }

  void take_large(Batch& batch) {
    if (!parallel_) parallel_.emplace(job_.tokenizer(), job_.ctx.run.threads);
    uint64_t handed_out = 0;
    const LargeText large = [&](std::string_view text, Encoded& e) {
      parallel_->encode(
          text,
          [&](std::span<const uint32_t> ids) {
            if (job_.ctx.run.stop.requested()) throw Stopped{};
            e.ids.insert(e.ids.end(), ids.begin(), ids.end());
            if (e.ids.size() < kPart || !output_.take_part(e.ids)) return;
            handed_out += e.ids.size();
            e.ids.clear();
          },
          job_.options.specials_in_text);
    };
    batch.for_each([&](formats::Document& d) {
      Encoded e;
      encoders_.with(
          [&](Encoder& encoder) { encode(encoder, d, e, d.text.size() >= kLarge ? &large : nullptr); });
      take(e);
      sources_.back().tokens += handed_out;
      handed_out = 0;
    });
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
  const EncodeOne& one_;
  EncodeOutput& output_;
  Pool<Encoder> encoders_;
  const bool cuts_;
  std::optional<tokenizer::ParallelEncoder> parallel_;
  std::vector<Source> sources_;  // of the inputs begun
  bool saved_ = false;           // there is a checkpoint
  Clock::time_point last_ = Clock::now();
};

}  // namespace

std::optional<std::vector<Source>> encode_all(EncodeJob& job, const EncodeOne& one, EncodeOutput& output) {
  return Loop(job, one, output).run();
}

}  // namespace ds::tokenize
