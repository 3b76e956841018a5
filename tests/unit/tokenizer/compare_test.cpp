#include "tokenizer/compare.h"

#include <functional>

#include "base/io.h"
#include "catch.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/lossless.h"
#include "tokenizer/survey.h"
#include "tokenizer/trace.h"

using namespace ds;
using namespace ds::tokenizer;
using formats::TokenizerJson;

namespace {

TokenizerJson stored() { return formats::read_tokenizer_json(DS_TESTDATA "/tokenizer/bpe.tokenizer.json"); }

uint32_t token(const TokenizerJson& t, const std::string& spelling) {
  for (uint32_t id = 0; id < t.model.tokens.size(); ++id) {
    if (t.model.tokens[id] == spelling) return id;
  }
  throw std::runtime_error(spelling);
}

void add_token(TokenizerJson& t, const std::string& content, bool special, bool normalized = false) {
  formats::AddedToken a;
  a.id = t.size();
  a.content = content;
  a.special = special;
  a.normalized = normalized;
  a.in_model = false;
  t.added.push_back(a);
}

void put_round(TokenizerJson& t, bool before) {
  formats::PostProcessor p;
  p.type = formats::PostProcessor::Type::template_processing;
  formats::PostProcessor::Piece special{"<|endoftext|>", false, 0}, text;
  p.single = before ? std::vector{special, text} : std::vector{text, special};
  p.pair = {text, formats::PostProcessor::Piece{"", true, 1}};
  p.specials["<|endoftext|>"] = {{0}, {"<|endoftext|>"}};
  t.post_processor = p;
}

void without_merge(TokenizerJson& t, const std::string& made) {
  for (size_t i = 0; i < t.model.merges.size(); ++i) {
    if (t.model.tokens[t.model.merged[i]] != made) continue;
    t.model.merges.erase(t.model.merges.begin() + static_cast<ptrdiff_t>(i));
    t.model.merged.erase(t.model.merged.begin() + static_cast<ptrdiff_t>(i));
    return;
  }
  throw std::runtime_error(made);
}

// What the expected tokenizer does otherwise, and what is found of it.
struct Case {
  const char* name;
  std::function<void(TokenizerJson&)> change;
  std::string text;
  uint64_t byte;
  Stage stage;     // with that tokenizer at hand
  Stage from_ids;  // from its ids alone
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"an added token", [](TokenizerJson& t) { add_token(t, "<tool>", true); }, "use the <tool> now", 7,
       Stage::added_tokens, Stage::model},  // ids alone: an id that is not in the vocabulary
      {"an added token is gone",
       [](TokenizerJson& t) {
         t.added.clear();
         without_merge(t, "Ġthe");
       },
       "a<|endoftext|>", 1, Stage::added_tokens, Stage::added_tokens},
      {"an added token sought in normalized text",
       [](TokenizerJson& t) { add_token(t, "<tool>", false, true); }, "x <tool>", 1, Stage::added_tokens,
       Stage::model},
      {"lowercase",
       [](TokenizerJson& t) {
         t.normalizer.emplace();
         t.normalizer->type = formats::Normalizer::Type::lowercase;
       },
       "the Words", 3, Stage::normalizer, Stage::normalizer},
      {"words of another pattern", [](TokenizerJson& t) { set_byte_level(t, Pattern::gpt2); }, "x0000", 1,
       Stage::pre_tokenizer, Stage::pre_tokenizer},
      {"single digits",
       [](TokenizerJson& t) {
         formats::PreTokenizer digits;
         digits.type = formats::PreTokenizer::Type::digits;
         digits.individual_digits = true;
         t.pre_tokenizer->parts.insert(t.pre_tokenizer->parts.begin(), digits);
       },
       "x00", 1, Stage::pre_tokenizer, Stage::pre_tokenizer},
      {"a merge less", [](TokenizerJson& t) { without_merge(t, "Ġthe"); }, "of the", 2, Stage::model,
       Stage::pre_tokenizer},
      {"two ids swapped",
       [](TokenizerJson& t) {
         const uint32_t a = token(t, "Ġf"), b = token(t, "Ġc");
         std::swap(t.model.tokens[a], t.model.tokens[b]);
         for (auto& [l, r] : t.model.merges) {
           l = l == a ? b : l == b ? a : l;
           r = r == a ? b : r == b ? a : r;
         }
         for (uint32_t& m : t.model.merged) m = m == a ? b : m == b ? a : m;
       },
       "x f", 1, Stage::model, Stage::text},
      {"a token before", [](TokenizerJson& t) { put_round(t, true); }, "text", 0, Stage::post_processor,
       Stage::post_processor},
      {"a token behind", [](TokenizerJson& t) { put_round(t, false); }, "text", 4, Stage::post_processor,
       Stage::post_processor},
  };
  return all;
}

}  // namespace

TEST_CASE("the stage that makes two tokenizers differ is named, and the place") {
  const TokenizerJson base = stored();
  const Tokenizer found(base);
  const CompareOptions options{true, true};
  for (const Case& c : cases()) {
    INFO(c.name);
    TokenizerJson changed = base;
    c.change(changed);
    const Tokenizer expected(changed);
    const auto d = compare(found, expected, c.text, options);
    REQUIRE(d);
    INFO(d->reason);
    CHECK(std::string(stage_name(d->stage)) == stage_name(c.stage));
    CHECK(d->byte == c.byte);
    CHECK(d->character == c.byte);
    CHECK(d->before + d->at + d->after == c.text);
    CHECK(!d->reason.empty());

    Encoder encoder(expected, 0);
    std::vector<uint32_t> ids;
    append_ids(expected, encoder, c.text, options, ids);
    const auto by_ids = compare(found, ids, c.text, options);
    REQUIRE(by_ids);
    INFO(by_ids->reason);
    CHECK(std::string(stage_name(by_ids->stage)) == stage_name(c.from_ids));
    CHECK(by_ids->byte == c.byte);
    CHECK(by_ids->token == d->token);
  }
}

TEST_CASE("equal ids are no difference; places are bytes and characters") {
  const Tokenizer t(stored());
  const std::string text = "训练 text 123\n\xFF";
  std::vector<uint32_t> ids = t.encode(text);
  CHECK(!compare(t, ids, text));
  CHECK(!compare(t, t, text));
  const Trace trace = tokenizer::trace(t, text);
  REQUIRE(trace.tokens.size() == ids.size());
  size_t wrong = 0;
  while (trace.tokens[wrong].begin < 7) ++wrong;  // behind the two letters and in the word
  ids[wrong] = ids[wrong] == 5 ? 6 : 5;
  const auto d = compare(t, ids, text);
  REQUIRE(d);
  CHECK(d->token == wrong);
  CHECK(d->byte == trace.tokens[wrong].begin);
  CHECK(d->character + 4 == d->byte);
  ids.resize(wrong);
  CHECK(compare(t, ids, text)->stage == Stage::text);
}

TEST_CASE("any wrong id, any cut and any text: a difference is always described") {
  const Tokenizer t(stored());
  const std::string text = "Some text, 12345 words.\n  训练模型 <|endoftext|> naïve \t end";
  const std::vector<uint32_t> ids = t.encode(text);
  for (size_t i = 0; i < ids.size(); ++i) {
    for (const uint32_t wrong : {0u, 3u, 100u, 300u, t.vocab_size() - 1, t.vocab_size() + 7}) {
      std::vector<uint32_t> other = ids;
      if (other[i] == wrong) continue;
      other[i] = wrong;
      const auto d = compare(t, other, text);
      REQUIRE(d);
      CHECK(d->token == i);
      CHECK(d->byte <= d->end);
      CHECK(d->end <= text.size());
      other = ids;
      other.erase(other.begin() + static_cast<ptrdiff_t>(i));
      CHECK(compare(t, other, text));
    }
    CHECK(compare(t, std::span(ids).first(i), text));
  }
  CHECK(compare(t, ids, ""));
  CHECK(compare(t, std::vector<uint32_t>{}, text));
}

TEST_CASE("a trace has the pipeline's ids, and its pieces follow each other") {
  const Tokenizer t(formats::read_tokenizer_json(DS_TESTDATA "/tokenizer/added.tokenizer.json"));
  const std::string text = "e\xCC\x81 <|User|>x  <mask> Größe! words word 12";
  const Trace trace = tokenizer::trace(t, text);
  std::vector<uint32_t> ids;
  for (const TraceToken& token : trace.tokens) ids.push_back(token.id);
  CHECK(ids == t.encode(text));
  for (const auto* stage : {&trace.added, &trace.normal, &trace.words}) {
    uint64_t at = 0;
    for (const TracePiece& p : *stage) {
      // What the normalizer took away (a mark that was composed) has no piece.
      CHECK((stage == &trace.added ? p.begin == at : p.begin >= at));
      at = p.end;
    }
    CHECK(at == text.size());
  }
}

TEST_CASE("which tokenizers keep a text") {
  TokenizerJson t = stored();
  CHECK(!why_not_lossless(t));
  t.normalizer.emplace();
  t.normalizer->type = formats::Normalizer::Type::lowercase;
  CHECK(!why_not_lossless(t));
  const Tokenizer lower(t);
  CHECK(normalized_text(lower, "AbC <|endoftext|>", true) == "abc <|endoftext|>");
  CHECK(lower.decode(lower.encode("AbC")) == "abc");
  add_token(t, "tool", false, true);
  CHECK(!why_not_lossless(t));
  t.added.back().content = "Tool";  // is found as "tool" and comes back so
  CHECK(why_not_lossless(t));
  t.normalizer->type = formats::Normalizer::Type::sequence;  // of nothing
  CHECK(!why_not_lossless(t));
  t.added.back().lstrip = true;
  CHECK(why_not_lossless(t));
  t.added.pop_back();
  t.decoder.reset();
  CHECK(why_not_lossless(t));
  CHECK(why_not_lossless(
      formats::read_tokenizer_json(DS_TESTDATA "/tokenizer/schema/wordpiece.tokenizer.json")));
}

TEST_CASE("a survey finds tokens that cannot come out, or not of their own text") {
  TokenizerJson t = stored();
  const Survey good = survey(Tokenizer(t));
  CHECK(good.pattern == "deepseek-v3");
  CHECK(good.why_general == "");
  CHECK(good.unreachable.empty());
  CHECK(good.bytes_covered == 256u);
  CHECK(good.holes == 0);
  CHECK(good.longest.size() == 10);
  without_merge(t, "Ġthe");
  const Survey less = survey(Tokenizer(t));
  CHECK(std::find(less.unreachable.begin(), less.unreachable.end(), token(t, "Ġthe")) !=
        less.unreachable.end());
  t = stored();
  formats::PreTokenizer digits;
  digits.type = formats::PreTokenizer::Type::digits;
  digits.individual_digits = true;
  t.pre_tokenizer->parts.insert(t.pre_tokenizer->parts.begin(), digits);
  const Survey cut = survey(Tokenizer(t));
  CHECK(cut.unreachable.empty());
  CHECK(std::find(cut.glitch_candidates.begin(), cut.glitch_candidates.end(), token(t, "00")) !=
        cut.glitch_candidates.end());
  CHECK(cut.why_general != "");
}
