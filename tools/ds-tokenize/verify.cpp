// ds-tokenize verify: whether a tokenizer gives the ids that were stored, or those of a second tokenizer;
// where they first differ, and which stage is to blame.
#include "ds-tokenize/verify.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/io.h"
#include "base/utf8.h"
#include "ds-tokenize/commands.h"
#include "ds-tokenize/documents.h"
#include "ds-tokenize/shown.h"
#include "tokenizer/compare.h"
#include "tokenizer/convert.h"
#include "tokenizer/lossless.h"

namespace ds::tokenize {
namespace {

using nlohmann::json;
using tokenizer::CompareOptions;
using tokenizer::Difference;
using tokenizer::Tokenizer;

struct VerifyCommand {
  InputOptions in;
  std::string tokenizer, reference, against;
  CompareOptions compare;
  bool roundtrip = false;
  uint64_t memory = uint64_t{1} << 30;
};

void declare(cli::OptionTable& t, VerifyCommand& o) {
  declare_inputs(t, o.in, true);
  t.group("Verifying");
  t.add("--tokenizer", o.tokenizer, "FILE", "tokenizer to verify: tokenizer.json, or what convert reads")
      .required();
  t.add("--reference", o.reference, "FILE",
        R"(ids that are expected: {"id":…,"ids":[…]} a line, by id, or in order when there are no ids)");
  t.add("--against", o.against, "FILE", "a tokenizer whose ids are expected");
  t.flag("--roundtrip", o.roundtrip, "decoded ids must be the text, as the normalizer leaves it");
  t.flag("--add-special-tokens", o.compare.add_special_tokens,
         "what the tokenizer puts round a text: [CLS], <s>, …");
  t.flag("--specials-in-text", o.compare.specials_in_text,
         "read special tokens written in a text as such, not as text");
  t.add("--memory", o.memory, "SIZE", "of reference lines that lie before their turn").bytes();
  t.check([&o] {
    if (!o.reference.empty() && !o.against.empty())
      throw usage_error("--reference and --against: give one of them");
    if (o.reference.empty() && o.against.empty() && !o.roundtrip)
      throw usage_error("nothing to verify with", "give --reference, --against or --roundtrip");
  });
}

// A text that is not as expected; explained later, and only the first.
struct Failure {
  std::string id, text;
  uint64_t number = 0;  // of the document, from 1
  std::vector<uint32_t> expected;
  bool roundtrip = false;
  std::string decoded, normalized;
};

struct Work {
  std::vector<formats::Document> documents;
  std::vector<References::Line> lines;  // side by side, or none
  uint64_t first = 0;                   // number of the first document, from 1
  uint64_t bytes = 0, tokens = 0, differing = 0, lossy = 0;
  std::optional<Failure> failure;
};

struct Worker {
  tokenizer::Encoder encoder;
  std::optional<tokenizer::Encoder> against;
  std::vector<uint32_t> found, expected;
};

json tokens_json(const Tokenizer& t, const std::vector<uint32_t>& ids) {
  json all = json::array();
  for (const uint32_t id : ids)
    all.push_back({{"id", id}, {"piece", valid_text(t.spelling(id))}, {"text", valid_text(t.bytes_of(id))}});
  return all;
}

std::string tokens_text(const json& tokens) {
  constexpr size_t kMost = 12;
  std::string out;
  for (size_t i = 0; i < tokens.size() && i < kMost; ++i)
    out +=
        fmt::format(" {}:{}", tokens[i]["id"].get<uint32_t>(), shown(tokens[i]["text"].get<std::string>()));
  return out + (tokens.size() > kMost ? " …" : tokens.empty() ? " nothing" : "");
}

class Verification {
 public:
  Verification(cli::Context& ctx, const VerifyCommand& o)
      : ctx_(ctx), o_(o), tok_(tokenizer::open_tokenizer(o.tokenizer).tokenizer) {
    if (!o.against.empty()) against_ = tokenizer::open_tokenizer(o.against).tokenizer;
    if (o.roundtrip) {
      if (const auto why = tokenizer::why_not_lossless(tok_.model()))
        throw usage_error(fmt::format("--roundtrip: {} does not keep text: {}", o.tokenizer, *why));
      normalizes_ = tok_.model().normalizer.has_value();
    }
  }

  int run();

 private:
  void check(Worker& w, Work& work, size_t i) const;
  json explain(const Failure& f) const;
  void print(const json& report) const;

  cli::Context& ctx_;
  const VerifyCommand& o_;
  Tokenizer tok_;
  std::optional<Tokenizer> against_;
  bool normalizes_ = false;
};

void Verification::check(Worker& w, Work& work, size_t i) const {
  formats::Document& d = work.documents[i];
  w.found.clear();
  append_ids(tok_, w.encoder, d.text, o_.compare, w.found);
  work.bytes += d.text.size();
  work.tokens += w.found.size();
  bool differs = false;
  if (w.against || !work.lines.empty()) {
    w.expected.clear();
    if (w.against) {
      append_ids(*against_, *w.against, d.text, o_.compare, w.expected);
    } else {
      parse_ids(work.lines[i], o_.reference, w.expected);
    }
    differs = w.found != w.expected;
  }
  Failure f{d.id, "", work.first + i, {}, false, "", ""};
  if (!differs && o_.roundtrip) {
    std::span<const uint32_t> ids = w.found;
    if (o_.compare.add_special_tokens)
      ids = ids.subspan(tok_.prefix().size(), ids.size() - tok_.prefix().size() - tok_.suffix().size());
    f.decoded = tok_.decode(ids);
    if (f.decoded != d.text) {
      f.normalized = normalized_text(tok_, d.text, o_.compare.specials_in_text);
      f.roundtrip = f.decoded != f.normalized;
    }
  }
  if (!differs && !f.roundtrip) return;
  ++(differs ? work.differing : work.lossy);
  if (work.failure) return;
  f.text = std::move(d.text);
  f.expected = w.expected;
  work.failure = std::move(f);
}

json Verification::explain(const Failure& f) const {
  json j = {{"document", f.id}, {"number", f.number}};
  if (f.roundtrip) {
    size_t at = 0;
    while (at < f.decoded.size() && at < f.normalized.size() && f.decoded[at] == f.normalized[at]) ++at;
    j["stage"] = "decoder";
    j["byte"] = at;
    j["reason"] = "the ids do not decode to the text";
    const auto piece = [&](const std::string& s) {
      std::string valid;
      append_repaired(valid, std::string_view(s).substr(at > 32 ? at - 32 : 0, 96));
      return valid;
    };
    j["decoded"] = piece(f.decoded);
    j["text"] = piece(f.normalized);
    return j;
  }
  const std::optional<Difference> d =
      against_ ? compare(tok_, *against_, f.text, o_.compare) : compare(tok_, f.expected, f.text, o_.compare);
  if (!d) throw internal_error("ids differed, and did not when they were made again");
  j.update({{"token", d->token},
            {"byte", d->byte},
            {"character", d->character},
            {"end", d->end},
            {"before", d->before},
            {"at", d->at},
            {"after", d->after},
            {"stage", stage_name(d->stage)},
            {"reason", d->reason},
            {"expected", tokens_json(against_ ? *against_ : tok_, d->expected)},
            {"found", tokens_json(tok_, d->found)}});
  return j;
}

void Verification::print(const json& r) const {
  const auto number = [&](const char* key) { return r[key].get<uint64_t>(); };
  const uint64_t differing = number("differing"), lossy = number("lossy");
  std::string out =
      fmt::format("{}: {} documents, {} bytes, {} tokens", r["equal"].get<bool>() ? "equal" : "differs",
                  number("documents"), number("bytes"), number("tokens"));
  if (differing > 0) out += fmt::format("; other ids in {}", differing);
  if (lossy > 0) out += fmt::format("; another text comes back of {}", lossy);
  out += "\n";
  if (const auto it = r.find("first"); it != r.end()) {
    const json& f = *it;
    out += fmt::format("document\t{} (number {})\n", shown(f["document"].get<std::string>()),
                       f["number"].get<uint64_t>());
    if (f.contains("token")) {
      out += fmt::format("place\ttoken {}, byte {}, character {}\n", f["token"].get<uint64_t>(),
                         f["byte"].get<uint64_t>(), f["character"].get<uint64_t>());
      out += fmt::format("text\t{} >>>{}<<< {}\n", shown(f["before"].get<std::string>()),
                         shown(f["at"].get<std::string>()), shown(f["after"].get<std::string>()));
      out += "expected\t" + tokens_text(f["expected"]).substr(1) + "\n";
      out += "found\t" + tokens_text(f["found"]).substr(1) + "\n";
    } else {
      out += fmt::format("place\tbyte {}\ntext\t{}\ndecoded\t{}\n", f["byte"].get<uint64_t>(),
                         shown(f["text"].get<std::string>()), shown(f["decoded"].get<std::string>()));
    }
    out += fmt::format("stage\t{}: {}\n", f["stage"].get<std::string>(), f["reason"].get<std::string>());
  }
  write_all(STDOUT_FILENO, out, "<stdout>");
}

int Verification::run() {
  Documents documents(o_.in);
  std::optional<References> references;
  if (!o_.reference.empty()) references.emplace(o_.reference, o_.memory);
  Pool<Worker> workers([&] {
    Worker w{tokenizer::Encoder(tok_), {}, {}, {}};
    if (against_) w.against.emplace(*against_);
    return w;
  });
  uint64_t count = 0;
  Work total;
  ctx_.run.progress.start("verify", "B", documents.raw_size());
  ordered_map<Work>(
      ctx_.run.threads,
      [&]() -> std::optional<Work> {
        Batch batch;
        if (!documents.next(batch, ctx_.run)) return std::nullopt;
        ctx_.run.progress.update(documents.raw_position());
        Work work;
        work.first = count + 1;
        batch.for_each([&](formats::Document& d) {
          if (references) {
            References::Line line = references->take(d);
            if (line.number == 0)
              throw data_error(fmt::format("{}: no line for document {}", references->name(), d.id));
            work.lines.push_back(std::move(line));
          }
          work.documents.push_back(std::move(d));
          d = {};
        });
        count += work.documents.size();
        return work;
      },
      [&](Work& work) {
        workers.with([&](Worker& w) {
          for (size_t i = 0; i < work.documents.size(); ++i) check(w, work, i);
        });
        work.documents.clear();
        work.lines.clear();
      },
      [&](Work& work) {
        total.bytes += work.bytes;
        total.tokens += work.tokens;
        total.differing += work.differing;
        total.lossy += work.lossy;
        if (!total.failure) total.failure = std::move(work.failure);
      });
  ctx_.run.progress.finish();
  if (ctx_.run.stop.requested()) return kExitStopped;
  if (references) {
    if (const uint64_t n = references->unused())
      ctx_.run.log.warn(fmt::format("{}: {} lines of no document", references->name(), n));
  }
  const bool equal = !total.failure;
  json report = {{"equal", equal},         {"documents", count},           {"bytes", total.bytes},
                 {"tokens", total.tokens}, {"differing", total.differing}, {"lossy", total.lossy}};
  if (!equal) report["first"] = explain(*total.failure);
  if (!ctx_.common.json) print(report);
  ctx_.report("", report);
  return equal ? kExitOk : kExitNo;
}

}  // namespace

std::function<int(cli::Context&)> verify_command(cli::OptionTable& t) {
  auto o = std::make_shared<VerifyCommand>();
  declare(t, *o);
  return [o](cli::Context& ctx) { return Verification(ctx, *o).run(); };
}

}  // namespace ds::tokenize
