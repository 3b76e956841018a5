// What the pipeline says of texts, for pipeline_parity.py. A line of JSON in, a line of JSON out:
//   {"load": FILE}                                    -> {"size": n}
//   {"text": T, "pair": P, "special": b, "in_text": b} -> the Encoding, and "fast": the ids of an Encoder
//   {"ids": […], "skip": b}                            -> {"text": …, "pieces": […]}, streamed
//   {"whole": T, "special": b}                        -> ids, offsets in both units, and every text of them,
//   in short
// An error is {"error": …, "kind": data|…}; the next line is read as usual.
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "tokenizer/pipeline.h"
#include "tokenizer/tokenizer.h"

namespace {

using nlohmann::json;
using namespace ds::tokenizer;

json to_json(const Encoding& e) {
  json words = json::array(), offsets = json::array(), more = json::array();
  for (const uint32_t w : e.word_ids) words.push_back(w == Encoding::kNoWord ? json() : json(w));
  for (const Offsets& o : e.offsets) offsets.push_back({o.begin, o.end});
  for (const Encoding& o : e.overflowing) more.push_back(to_json(o));
  json sequences = json::array();
  for (const uint32_t i : sequence_ids(e)) sequences.push_back(i == Encoding::kNoWord ? json() : json(i));
  return {{"ids", e.ids},          {"types", e.type_ids},
          {"tokens", e.tokens},    {"at", offsets},
          {"words", words},        {"special", e.special_tokens_mask},
          {"more", more},          {"attention", e.attention_mask},
          {"sequences", sequences}};
}

// For exact_parity.py: little to write and to read, for millions of texts.
json whole(const Tokenizer& tokenizer, Encoder& encoder, PipelineScratch& scratch, const std::string& text,
           bool special) {
  json out;
  EncodeOptions o;
  o.add_special_tokens = special;
  for (const OffsetUnit unit : {OffsetUnit::characters, OffsetUnit::bytes}) {
    o.offsets = unit;
    const Encoding e = tokenizer.encode_full(text, nullptr, o, scratch);
    json& flat = out[unit == OffsetUnit::bytes ? "bytes" : "at"] = json::array();
    for (const Offsets& at : e.offsets) flat.insert(flat.end(), {at.begin, at.end});
    out["ids"] = e.ids;
  }
  const std::vector<uint32_t> ids = out["ids"];
  std::vector<uint32_t> fast;
  encoder.encode(text, fast, true);
  out["fast"] = fast;
  out["all"] = tokenizer.decode(ids, false);
  out["text"] = tokenizer.decode(ids, true);
  StreamDecoder stream(tokenizer, true);
  std::string streamed;
  for (const uint32_t id : ids) streamed += stream.push(id);
  out["streamed"] = streamed + stream.finish();
  return out;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<PipelineScratch> scratch;
  std::string line;
  while (std::getline(std::cin, line)) {
    json out;
    try {
      const json in = json::parse(line);
      if (in.contains("load")) {
        tokenizer.reset();
        tokenizer = std::make_unique<Tokenizer>(Tokenizer::load(in["load"]));
        encoder = std::make_unique<Encoder>(*tokenizer, size_t{1} << 20);
        scratch = std::make_unique<PipelineScratch>(size_t{1} << 20);
        out["size"] = tokenizer->vocab_size();
      } else if (!tokenizer) {
        out["error"] = "no tokenizer";
      } else if (in.contains("whole")) {
        out = whole(*tokenizer, *encoder, *scratch, in["whole"], in["special"]);
      } else if (in.contains("ids")) {
        const std::vector<uint32_t> ids = in["ids"];
        out["text"] = tokenizer->decode(ids, in["skip"]);
        StreamDecoder stream(*tokenizer, in["skip"]);
        for (const uint32_t id : ids) out["pieces"].push_back(stream.push(id));
        out["rest"] = stream.finish();
      } else {
        EncodeOptions o;
        o.add_special_tokens = in["special"];
        o.specials_in_text = in["in_text"];
        o.tokens = true;
        o.offsets = in.value("bytes", false) ? OffsetUnit::bytes : OffsetUnit::characters;
        const std::string text = in["text"];
        const std::string pair = in.value("pair", "");
        const std::string_view pair_view = pair;
        out = to_json(tokenizer->encode_full(text, in.contains("pair") ? &pair_view : nullptr, o, *scratch));
        std::vector<uint32_t> fast;
        encoder->encode(text, fast, o.specials_in_text);
        out["fast"] = fast;
      }
    } catch (const ds::Error& e) {
      out = {{"error", e.what()}, {"kind", static_cast<int>(e.kind())}};
    } catch (const std::exception& e) {
      out = {{"error", e.what()}, {"kind", -1}};
    }
    const std::string text = out.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}
