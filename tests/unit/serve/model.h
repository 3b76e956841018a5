// A served model for tests: the toy model's tokenizer without its weights.
#pragma once

#include <nlohmann/json.hpp>

#include "serve/api_error.h"
#include "serve/plan.h"

namespace ds::test {

inline const tokenizer::Tokenizer& toy_tokenizer() {
  static const auto tokenizer = tokenizer::Tokenizer::load(DS_TESTDATA "/toy/model/tokenizer.json");
  return tokenizer;
}

inline serve::ServedModel toy_model() {
  serve::ServedModel m;
  m.name = "toy";
  m.max_tokens = 256;
  m.vocab_size = 290;
  m.tokenizer = &toy_tokenizer();
  m.max_text_bytes = 256 * 64;
  m.end_ids = {0};
  return m;
}

// The error that reading `body` gives.
template <class Read>
serve::ApiError refused(Read read, const std::string& body) {
  try {
    read(body);
  } catch (const serve::ApiError& e) {
    return e;
  }
  throw std::runtime_error("accepted: " + body);
}

}  // namespace ds::test
