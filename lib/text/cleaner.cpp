// See cleaner.h. The unit of parallel work is a batch of records of one input, about a quarter of a megabyte.
// What goes wrong while reading or parsing travels in the batch and is thrown in order, so that errors too
// are the same for any number of threads.
#include "text/cleaner.h"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/io.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "text/dedup.h"
#include "text/normalize.h"

namespace ds::text {
namespace {

using formats::CorpusInput;
using formats::Document;
using formats::RecordReader;

constexpr size_t kBatchBytes = size_t{1} << 18;
constexpr uint64_t kMaxWarnings = 10;

// One record on its way: cut, then examined.
struct Record {
  size_t begin = 0, size = 0;  // in the batch's bytes
  uint64_t number = 0, line = 0;

  std::string problem;  // not empty: damaged
  bool sampled = true;
  std::string id, line_out;  // the line to write when the document is kept
  Document original;         // for the rejects; filled only when they are wanted
  std::optional<Rejection> rejection;
  Fingerprint print;
  uint64_t bytes_in = 0, chars_in = 0, bytes_out = 0, chars_out = 0;
  uint64_t invalid_utf8 = 0, lone_surrogates = 0;
  NormalizeCounts changes;
};

struct Batch {
  const CorpusInput* input = nullptr;
  std::shared_ptr<const formats::RecordParser> parser;
  std::string bytes;
  std::vector<Record> records;
  std::optional<Error> error;  // after the records
  bool input_ends = false, input_empty = false;
  FileDigest digest;  // of the input, when it ends
  uint64_t position = 0;
};

// Cuts the inputs into batches.
class BatchSource {
 public:
  BatchSource(const std::vector<CorpusInput>& inputs, const formats::CorpusOptions& options)
      : inputs_(inputs), options_(options) {}

  std::optional<Batch> next() {
    if (failed_ || (!reader_ && at_ == inputs_.size())) return std::nullopt;
    Batch batch;
    batch.input = &inputs_[at_];
    try {
      fill(batch);
    } catch (const Error& error) {
      batch.error = error;
      failed_ = true;
    }
    return batch;
  }

 private:
  void fill(Batch& batch) {
    if (!reader_) reader_.emplace(inputs_[at_], options_);
    batch.parser = reader_->parser();
    while (batch.bytes.size() < kBatchBytes) {
      if (!reader_->next(record_)) {
        batch.input_ends = true;
        batch.input_empty = reader_->number() == 0;
        batch.digest = reader_->source().raw_digest();
        finished_ += reader_->source().raw_position();
        batch.position = finished_;
        reader_.reset();
        ++at_;
        return;
      }
      Record& record = batch.records.emplace_back();
      record.begin = batch.bytes.size();
      record.size = record_.size();
      record.number = reader_->number();
      record.line = reader_->line();
      if (batch.bytes.empty() && record_.size() >= kBatchBytes) {
        batch.bytes = std::move(record_);
        record_.clear();
      } else {
        batch.bytes += record_;
      }
    }
    batch.position = finished_ + reader_->source().raw_position();
  }

  const std::vector<CorpusInput>& inputs_;
  const formats::CorpusOptions& options_;
  std::optional<RecordReader> reader_;
  std::string record_;
  size_t at_ = 0;
  uint64_t finished_ = 0;
  bool failed_ = false;
};

// Everything about one record that needs no other: runs on any thread.
void examine(std::string& bytes, const Batch& batch, const CleanOptions& options, bool keep_original,
             Record& record) {
  record.invalid_utf8 = repair_utf8(bytes);
  if (record.invalid_utf8 && options.invalid_utf8 == InvalidUtf8::error) {
    record.problem = fmt::format("invalid UTF-8 ({} places)", record.invalid_utf8);
    return;
  }
  Document document;
  if (!batch.parser->parse(bytes, document, record.problem, &record.lone_surrogates)) return;
  if (document.id.empty()) {
    document.id = fmt::format("{}:{}", batch.input->name, record.number);
    document.id_json.clear();
  }
  record.id = document.id;
  record.bytes_in = document.text.size();
  record.chars_in = count_chars(document.text);
  if (options.sample < 1) {
    record.sampled = Rng(static_cast<uint64_t>(options.seed), RngStream::sample).uniform(xxh64(document.id)) <
                     options.sample;
    if (!record.sampled) return;
  }
  if (keep_original) record.original = document;
  if (record.invalid_utf8 && options.invalid_utf8 == InvalidUtf8::reject) {
    record.rejection = Rejection{"invalid_utf8", static_cast<double>(record.invalid_utf8), 0, {}};
    return;
  }
  if (options.normalize) document.text = normalize(document.text, &record.changes);
  {
    const Measured measured(document.text);
    record.bytes_out = document.text.size();
    record.chars_out = measured.chars;
    record.rejection = first_failure(measured, options.rules);
  }
  if (record.rejection) return;
  const bool near = options.dedup == Dedup::minhash || !options.against.empty();
  if (near || options.dedup == Dedup::exact) record.print = fingerprint(document.text, near);
  append_document(record.line_out, document);
}

void examine_all(Batch& batch, const CleanOptions& options, bool keep_original) {
  std::string bytes;
  for (Record& record : batch.records) {
    if (record.begin == 0 && record.size == batch.bytes.size()) {
      bytes = std::move(batch.bytes);  // a large record goes through without a copy
    } else {
      bytes.assign(batch.bytes, record.begin, record.size);
    }
    examine(bytes, batch, options, keep_original, record);
  }
  batch.bytes = {};
}

std::string reject_member(const Rejection& r) {
  std::string out =
      fmt::format("\"reject\":{{\"rule\":\"{}\",\"value\":{},\"limit\":{}", r.rule, r.value, r.limit);
  if (!r.of.empty()) {
    out += ",\"of\":";
    formats::append_json_string(out, r.of);
  }
  return out + "}";
}

// The reference corpora as an index.
DedupIndex load_references(const CleanOptions& options, Run& run) {
  DedupIndex index;
  formats::CorpusOptions corpus;
  corpus.max_record = options.corpus.max_record;
  formats::CorpusReader reader(options.against, corpus);
  using Item = std::pair<Document, Fingerprint>;
  ordered_map<Item>(
      run.threads,
      [&]() -> std::optional<Item> {
        Item item;
        if (run.stop.requested() || !reader.next(item.first)) return std::nullopt;
        return item;
      },
      [&](Item& item) {
        repair_utf8(item.first.text);
        item.second = fingerprint(options.normalize ? normalize(item.first.text) : item.first.text, true);
      },
      [&](Item& item) { index.insert(std::move(item.second), std::move(item.first.id)); });
  return index;
}

const char* hint_for(std::string_view problem) {
  if (problem.find("no field") != problem.npos)
    return "--text-field NAME names the one to use; --skip-bad-lines goes on without";
  if (problem.ends_with("found '['")) return "make one line of each document: jq -c '.[]'";
  return "--skip-bad-lines counts such records and goes on";
}

// Takes the examined records in order.
class Collector {
 public:
  Collector(const CleanOptions& options, const CleanSinks& sinks, Run& run, CleanStats& stats)
      : options_(options), sinks_(sinks), run_(run), stats_(stats) {
    if (!options.against.empty()) references_ = load_references(options, run);
    stats_.reference_documents = references_.size();
  }

  void take(Batch& batch) {
    if (batch.input_ends && batch.input->stream) stats_.stream_digests.push_back(batch.digest);
    for (Record& record : batch.records) {
      if (stats_.limit_reached) return;
      take(record, *batch.input);
    }
    if (stats_.limit_reached) return;
    if (batch.error) throw *batch.error;
    if (batch.input_empty) empty_inputs_.push_back(batch.input->path == "-" ? "<stdin>" : batch.input->path);
    run_.progress.update(batch.position);
  }

  void finish() {
    if (stats_.stopped) return;
    if (stats_.in.documents + stats_.bad_records == 0 && !stats_.limit_reached) {
      throw data_error(fmt::format("{}: no documents: the input is empty",
                                   empty_inputs_.empty() ? "input" : empty_inputs_[0]));
    }
    for (const std::string& name : empty_inputs_) run_.log.warn(name + ": no documents: the file is empty");
    if (stats_.kept.documents == 0) run_.log.warn("no document was kept", "--rejects FILE shows why");
  }

 private:
  void take(Record& record, const CorpusInput& input) {
    if (!record.problem.empty()) {
      const std::string message = formats::record_place(input, record.line) + ": " + record.problem;
      if (!options_.skip_bad_lines) throw data_error(message, hint_for(record.problem));
      if (++stats_.bad_records <= kMaxWarnings) run_.log.warn(message + "; skipped");
      return;
    }
    stats_.in.add(record.bytes_in, record.chars_in);
    if (!record.sampled) {
      ++stats_.not_sampled;
      return;
    }
    stats_.invalid_utf8_documents += record.invalid_utf8 > 0;
    stats_.invalid_utf8_sequences += record.invalid_utf8;
    stats_.lone_surrogates += record.lone_surrogates;
    stats_.removed_characters += record.changes.removed_characters;
    stats_.documents_changed_by_nfc += record.changes.changed_by_nfc;
    if (!record.rejection) find_duplicate(record);
    if (record.rejection) {
      ++stats_.rejected[record.rejection->rule];
      if (!sinks_.reject) return;
      std::string line;
      append_document(line, record.original, reject_member(*record.rejection));
      sinks_.reject(line);
      return;
    }
    if (options_.dedup != Dedup::none) seen_.insert(std::move(record.print), record.id);
    sinks_.keep(record.line_out);
    stats_.kept.add(record.bytes_out, record.chars_out);
    stats_.limit_reached = options_.limit != 0 && stats_.kept.documents >= options_.limit;
  }

  void find_duplicate(Record& record) {
    const auto reject = [&](const char* rule, const std::optional<DedupIndex::Match>& match, double limit) {
      if (match) record.rejection = Rejection{rule, match->similarity, limit, match->id};
      return match.has_value();
    };
    if (references_.size() > 0) {
      const char* rule = "near_duplicate_of_reference";
      if (reject(rule, references_.find_exact(record.print), options_.jaccard)) return;
      if (reject(rule, references_.find_near(record.print, options_.jaccard), options_.jaccard)) return;
    }
    if (options_.dedup == Dedup::none || reject("exact_duplicate", seen_.find_exact(record.print), 1)) return;
    if (options_.dedup == Dedup::minhash) {
      reject("near_duplicate", seen_.find_near(record.print, options_.jaccard), options_.jaccard);
    }
  }

  const CleanOptions& options_;
  const CleanSinks& sinks_;
  Run& run_;
  CleanStats& stats_;
  DedupIndex references_, seen_;
  std::vector<std::string> empty_inputs_;
};

}  // namespace

CleanStats clean(const std::vector<CorpusInput>& inputs, const CleanOptions& options, const CleanSinks& sinks,
                 Run& run) {
  CleanStats stats;
  Collector collector(options, sinks, run, stats);
  BatchSource source(inputs, options.corpus);
  uint64_t total = 0;
  size_t streams = 0;
  for (const CorpusInput& input : inputs) {
    streams += input.stream;
    total += input.stream ? 0 : file_size(input.path);
  }
  run.progress.start("cleaning", "B", streams ? 0 : total);
  std::atomic<bool> enough = false, stopped = false;
  ordered_map<Batch>(
      run.threads,
      [&]() -> std::optional<Batch> {
        if (run.stop.requested()) stopped = true;
        if (enough || stopped) return std::nullopt;
        return source.next();
      },
      [&](Batch& batch) { examine_all(batch, options, static_cast<bool>(sinks.reject)); },
      [&](Batch& batch) {
        collector.take(batch);
        if (stats.limit_reached) enough = true;
      });
  while (stats.limit_reached && options.hash_streams && stats.stream_digests.size() < streams && !stopped) {
    const std::optional<Batch> rest = source.next();
    if (!rest || rest->error || run.stop.requested()) break;
    if (rest->input_ends && rest->input->stream) stats.stream_digests.push_back(rest->digest);
  }
  run.progress.finish();
  stats.stopped = stopped || run.stop.requested();
  collector.finish();
  return stats;
}

}  // namespace ds::text
