#include "serve/api_completions.h"

#include "base/rng.h"
#include "catch.h"
#include "serve/json_checks.h"
#include "serve/model.h"

namespace ds {

using serve::ApiError;
using serve::Plan;

namespace {

Plan read(const std::string& body) {
  return serve::read_completion(serve::parse_body(body), test::toy_model());
}
ApiError refused(const std::string& body) { return test::refused(read, body); }

}  // namespace

TEST_CASE("completion: defaults") {
  const Plan p = read(R"({"prompt": "Once upon"})");
  CHECK_FALSE(p.chat);
  REQUIRE(p.prompts.size() == 1);
  CHECK(p.prompts[0].max_tokens == 16);
  CHECK_FALSE(p.prompts[0].ids.empty());
  CHECK(p.sampling.temperature == 1.0);
  CHECK(p.sampling.top_p == 1.0);
  CHECK(p.top_logprobs == -1);
  CHECK(p.stop_ids == std::vector<int64_t>{0});
  CHECK(p.choices() == 1);
}

TEST_CASE("completion: every parameter, and null for all of them") {
  const Plan p = read(R"({"model": "toy", "prompt": "Once", "max_tokens": 7, "temperature": 0.5, "top_p": 0.9,
    "top_k": 4, "n": 3, "stop": ["a", "b"], "seed": -1, "echo": true, "logprobs": 2, "stream": true,
    "stream_options": {"include_usage": true}, "ignore_eos": true, "best_of": 1, "user": "u", "logit_bias": {},
    "frequency_penalty": 0.0, "presence_penalty": 0, "suffix": null})");
  CHECK(p.prompts[0].max_tokens == 7);
  CHECK(p.sampling.temperature == 0.5);
  CHECK(p.sampling.top_k == 4);
  CHECK(p.sampling.seed == UINT64_MAX);
  CHECK(p.stop == std::vector<std::string>{"a", "b"});
  CHECK(p.choices() == 3);
  CHECK(p.echo);
  CHECK(p.stream);
  CHECK(p.include_usage);
  CHECK(p.prompt_logprobs());
  CHECK(p.stop_ids.empty());
  CHECK_NOTHROW(read(R"({"prompt": "x", "max_tokens": null, "temperature": null, "top_p": null, "n": null,
    "stop": null, "seed": null, "echo": null, "logprobs": null, "stream": null, "stream_options": null,
    "best_of": null, "logit_bias": null, "frequency_penalty": null, "tools": null})"));
}

TEST_CASE("completion: the four forms of a prompt") {
  CHECK(read(R"({"prompt": ["Once", "upon"]})").prompts.size() == 2);
  CHECK(read(R"({"prompt": [5, 6, 7]})").prompts[0].ids == std::vector<int64_t>{5, 6, 7});
  const Plan p = read(R"({"prompt": [[5], [6, 7]], "n": 2})");
  REQUIRE(p.prompts.size() == 2);
  CHECK(p.prompts[1].ids == std::vector<int64_t>{6, 7});
  CHECK(p.choices() == 4);
}

TEST_CASE("completion: what is refused names its parameter") {
  struct Case {
    const char* body;
    const char* param;
  };
  for (const Case& c : std::initializer_list<Case>{
           {R"({})", "prompt"},
           {R"({"prompt": ""})", "prompt"},
           {R"({"prompt": []})", "prompt"},
           {R"({"prompt": [[]]})", "prompt"},
           {R"({"prompt": {"a": 1}})", "prompt"},
           {R"({"prompt": 5})", "prompt"},
           {R"({"prompt": [1.5]})", "prompt"},
           {R"({"prompt": [290]})", "prompt"},
           {R"({"prompt": [-1]})", "prompt"},
           {R"({"prompt": [18446744073709551615]})", "prompt"},
           {R"({"prompt": ["a", 5]})", "prompt"},
           {R"({"prompt": [5, "a"]})", "prompt"},
           {R"({"prompt": "x", "temperature": -0.1})", "temperature"},
           {R"({"prompt": "x", "temperature": 1e300})", "temperature"},
           {R"({"prompt": "x", "temperature": "hot"})", "temperature"},
           {R"({"prompt": "x", "top_p": 1.5})", "top_p"},
           {R"({"prompt": "x", "top_k": -2})", "top_k"},
           {R"({"prompt": "x", "max_tokens": -1})", "max_tokens"},
           {R"({"prompt": "x", "max_tokens": 0})", "max_tokens"},
           {R"({"prompt": "x", "max_tokens": 1000})", "max_tokens"},
           {R"({"prompt": "x", "max_tokens": 99999999999999999999})", "max_tokens"},
           {R"({"prompt": "x", "n": 0})", "n"},
           {R"({"prompt": ["x", "y"], "n": 100})", "n"},
           {R"({"prompt": "x", "stop": ""})", "stop"},
           {R"({"prompt": "x", "stop": [1]})", "stop"},
           {R"({"prompt": "x", "stop": {}})", "stop"},
           {R"({"prompt": "x", "seed": 0.5})", "seed"},
           {R"({"prompt": "x", "logprobs": 21})", "logprobs"},
           {R"({"prompt": "x", "logprobs": true})", "logprobs"},
           {R"({"prompt": "x", "stream": "yes"})", "stream"},
           {R"({"prompt": "x", "stream_options": {"include_usage": true}})", "stream_options"},
           {R"({"prompt": "x", "stream": true, "stream_options": {"other": 1}})", "stream_options"},
           {R"({"prompt": "x", "frequency_penalty": 0.5})", "frequency_penalty"},
           {R"({"prompt": "x", "presence_penalty": -1})", "presence_penalty"},
           {R"({"prompt": "x", "logit_bias": {"5": 1}})", "logit_bias"},
           {R"({"prompt": "x", "best_of": 2})", "best_of"},
           {R"({"prompt": "x", "suffix": "end"})", "suffix"},
           {R"({"prompt": "x", "response_format": {"type": "json_object"}})", "response_format"},
           {R"({"prompt": "x", "tools": [{"type": "function"}]})", "tools"},
           {R"({"prompt": "x", "messages": []})", "messages"},
           {R"({"prompt": "x", "temprature": 0})", "temprature"},
       }) {
    INFO(c.body);
    const ApiError e = refused(c.body);
    CHECK(e.status == 400);
    CHECK(e.param == c.param);
  }
  const ApiError unknown = refused(R"({"prompt": "x", "model": "gpt-4"})");
  CHECK(unknown.status == 404);
  CHECK(unknown.code == "model_not_found");
}

TEST_CASE("completion: prompts that are too long are refused before they are encoded, naming the limit") {
  const ApiError text = refused("{\"prompt\": \"" + std::string(3000000, 'a') + "\"}");
  CHECK(text.message.find("256 tokens") != std::string::npos);
  std::string ids = "{\"prompt\": [5";
  for (int i = 1; i < 1000000; ++i) ids += ",5";
  const ApiError list = refused(ids + "]}");
  CHECK(list.message.find("256 tokens") != std::string::npos);
  CHECK(list.code == "context_length_exceeded");
  std::string many = "{\"prompt\": [\"a\"";
  for (int i = 0; i < 1000; ++i) many += ",\"a\"";
  CHECK(refused(many + "]}").param == "prompt");
}

TEST_CASE("completion: a damaged body is read or refused, whatever the damage") {
  const std::string whole =
      R"({"model": "toy", "prompt": [[5, 6], [7]], "max_tokens": 7, "temperature": 0.5, "n": 3,
    "stop": ["a", "b"], "seed": -1, "echo": true, "logprobs": 2, "stream": true, "logit_bias": {},
    "stream_options": {"include_usage": true}, "user": "\u00e9", "frequency_penalty": 0.0, "suffix": null})";
  static const std::string kParts = "{}[]\",:0123456789-+.eEtruefalsn\\u \xff\xc3";
  const Rng rng(17, RngStream::test);
  uint64_t k = 0;
  int taken = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string body = whole;
    for (uint64_t n = 1 + rng.below(k++, 4); n > 0; --n) {
      const size_t at = rng.below(k++, body.size());
      switch (rng.below(k++, 3)) {
        case 0:
          body[at] = kParts[rng.below(k++, kParts.size())];
          break;
        case 1:
          body.erase(at, 1 + rng.below(k++, 20));
          break;
        default: {
          const size_t from = rng.below(k++, body.size());
          body.insert(at, body.substr(from, rng.below(k++, 30)));
        }
      }
      if (body.empty()) body = "{";
    }
    try {
      const Plan p = read(body);
      REQUIRE(p.choices() > 0);
      ++taken;
    } catch (const ApiError& e) {
      REQUIRE_FALSE(e.message.empty());
      REQUIRE_NOTHROW(nlohmann::json::parse(e.body()));
    }
  }
  CHECK(taken > 0);
}

TEST_CASE("completion: the prompt alone can be scored") {
  const Plan p = read(R"({"prompt": "Once", "max_tokens": 0, "echo": true, "logprobs": 1})");
  CHECK(p.prompts[0].max_tokens == 0);
  CHECK(p.prompt_logprobs());
}

}  // namespace ds
