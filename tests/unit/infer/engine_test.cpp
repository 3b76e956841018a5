// The engine: an answer never depends on who else is being served, every request ends exactly once, and what
// one request does wrong stays with it.
#include "infer/engine.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <thread>

#include "base/error.h"
#include "catch.h"
#include "infer/kv_cache.h"
#include "models/tiny_model.h"
#include "scratch.h"
#include "support/golden.h"

namespace ds {
namespace {

using infer::Engine;
using infer::EngineOptions;
using infer::EngineRequest;
using infer::Finish;
using infer::TokenChoice;

struct Answer {
  std::vector<TokenChoice> prompt, tokens;
  std::optional<Finish> finish;
  std::string message;
  int finishes = 0, prompts = 0;
  bool in_order = true;

  bool operator==(const Answer& other) const {
    const auto same = [](const std::vector<TokenChoice>& a, const std::vector<TokenChoice>& b) {
      return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                        [](const TokenChoice& x, const TokenChoice& y) {
                          return x.id == y.id && x.logprob == y.logprob && x.top == y.top;
                        });
    };
    return same(prompt, other.prompt) && same(tokens, other.tokens) && finish == other.finish;
  }
  std::vector<int64_t> ids() const {
    std::vector<int64_t> result;
    for (const TokenChoice& t : tokens) result.push_back(t.id);
    return result;
  }
};

// The request with callbacks that note everything down; `answer` must outlive the engine.
EngineRequest noted(EngineRequest r, Answer& answer) {
  r.on_prompt = [&](const std::vector<TokenChoice>& p) {
    answer.in_order = answer.in_order && answer.tokens.empty() && answer.finishes == 0;
    answer.prompt = p;
    ++answer.prompts;
  };
  r.on_token = [&answer, inner = r.on_token](const TokenChoice& t) {
    answer.in_order = answer.in_order && answer.finishes == 0;
    answer.tokens.push_back(t);
    return !inner || inner(t);
  };
  r.on_finish = [&answer, inner = r.on_finish](Finish f, const std::string& message) {
    answer.finish = f;
    answer.message = message;
    ++answer.finishes;
    if (inner) inner(f, message);
  };
  return r;
}

void finish_all(Engine& engine) {
  while (engine.step()) {
  }
}

Answer alone(models::Model& model, const EngineRequest& r, EngineOptions options) {
  options.max_batch = 1;
  Answer answer;
  Engine engine(model, options);
  engine.submit(noted(r, answer));
  finish_all(engine);
  return answer;
}

void check_empty(const Engine& engine) {
  const infer::EngineStats s = engine.stats();
  CHECK(s.waiting == 0);
  CHECK(s.running == 0);
  CHECK(s.used_pages == 0);
}

struct Loaded {
  arch::ModelConfig config;
  nn::ParameterStore store;
  std::unique_ptr<models::Model> model;
  Loaded(const std::string& path, at::ScalarType type) : Loaded(formats::open_model_folder(path), type) {}
  Loaded(const formats::ModelFolder& folder, at::ScalarType type)
      : config(arch::parse_config(folder.config, folder.config_path)), store(config, {.compute = type}) {
    store.load(folder);
    model = models::make_model(config, store);
  }
};

std::vector<EngineRequest> random_requests(std::mt19937& random, int64_t vocab, int64_t longest, int count) {
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  std::vector<EngineRequest> result;
  for (int i = 0; i < count; ++i) {
    EngineRequest r;
    for (int64_t n = 1 + below(longest * 2 / 3); n > 0; --n) r.prompt.push_back(below(vocab));
    r.max_tokens = below(longest / 3);
    if (i % 2 == 1) r.sampling = {.temperature = 0.8, .top_k = below(30), .top_p = 0.95, .seed = random()};
    r.top_logprobs = static_cast<int>(below(5)) - 1;
    r.prompt_logprobs = i % 3 == 0;
    r.stop_ids = {below(vocab)};
    result.push_back(r);
  }
  return result;
}

// All of them through one engine, arriving at random steps and slots, against each one alone.
void compare_batched(models::Model& model, uint32_t seed, int count = 14) {
  std::mt19937 random(seed);
  const int64_t longest = std::min<int64_t>(model.config().max_positions, 90);
  const auto requests = random_requests(random, model.config().vocab_size, longest, count);
  const EngineOptions options{.max_batch = 5, .cache_tokens = 300, .prefill_tokens = 24};
  std::vector<Answer> answers(requests.size());
  Engine engine(model, options);
  for (size_t next = 0; next < requests.size();) {
    for (uint64_t n = random() % 4; n > 0 && next < requests.size(); --n, ++next)
      engine.submit(noted(requests[next], answers[next]));
    for (uint64_t n = random() % 6; n > 0; --n) engine.step();
  }
  finish_all(engine);
  check_empty(engine);
  for (size_t i = 0; i < requests.size(); ++i) {
    INFO("seed " << seed << ", request " << i);
    CHECK(answers[i].finishes == 1);
    CHECK(answers[i].in_order);
    CHECK(answers[i].finish != Finish::error);
    CHECK(answers[i].prompts == (requests[i].prompt_logprobs ? 1 : 0));
    CHECK(answers[i] == alone(model, requests[i], options));
  }
}

// Passes everything on, but fails, once, when it is told to.
class Failing : public models::Model {
 public:
  explicit Failing(models::Model& inner) : Model(inner.config(), inner.store()), inner_(inner) {}
  int blocks() const override { return inner_.blocks(); }
  at::Tensor embed(const at::Tensor& ids) override { return inner_.embed(ids); }
  at::Tensor block(int i, const at::Tensor& x, const at::Tensor& positions,
                   nn::AttentionContext& attention) override {
    if (i == 1 && std::exchange(fail, false)) throw std::bad_alloc();
    return inner_.block(i, x, positions, attention);
  }
  at::Tensor norm(const at::Tensor& x) override { return inner_.norm(x); }
  const nn::Weight& head() const override { return inner_.head(); }
  bool fail = false;

 private:
  models::Model& inner_;
};

}  // namespace

TEST_CASE("answers in a batch equal answers alone, to the bit, fp32 and bf16") {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    test::TinyModel tiny({.compute = type});
    for (uint32_t seed = 1; seed <= 4; ++seed) compare_batched(*tiny.model, seed);
    Loaded toy(DS_TESTDATA "/toy/model", type);
    compare_batched(*toy.model, 11);
    for (const std::string& name : test::golden_cases()) {
      INFO(name);
      Loaded golden(test::golden_model(name), type);
      compare_batched(*golden.model, 21, 6);
    }
  }
}

TEST_CASE("prompt log probabilities are those of one pass over everything; the likely ones are in order") {
  at::NoGradGuard no_grad;
  test::TinyModel m;
  std::mt19937 random(5);
  EngineRequest r{.prompt = {}, .max_tokens = 0, .top_logprobs = 4, .prompt_logprobs = true};
  for (int i = 0; i < 70; ++i) r.prompt.push_back(static_cast<int64_t>(random() % 61));
  const int64_t n = static_cast<int64_t>(r.prompt.size());
  nn::PackedAttention attention(1, n);
  const at::Tensor expected = at::log_softmax(
      models::logits(*m.model, models::hidden_states(*m.model, at::tensor(r.prompt, at::kLong),
                                                     at::arange(n, at::kLong), attention))
          .to(at::kDouble),
      -1);
  for (const int64_t chunk : {7, 1000}) {
    const Answer a = alone(*m.model, r, {.prefill_tokens = chunk});
    CHECK(a.finish == Finish::length);
    CHECK(a.tokens.empty());
    CHECK(a.prompts == 1);
    REQUIRE(a.prompt.size() == r.prompt.size());
    CHECK_FALSE(a.prompt[0].logprob.has_value());
    for (size_t i = 1; i < a.prompt.size(); ++i) {
      const at::Tensor row = expected[static_cast<int64_t>(i) - 1];
      CHECK(a.prompt[i].id == r.prompt[i]);
      CHECK(*a.prompt[i].logprob == Approx(row[r.prompt[i]].item<double>()).margin(1e-4));
      const auto [values, ids] = row.topk(4);
      REQUIRE(a.prompt[i].top.size() == 4);
      for (int64_t k = 0; k < 4; ++k) {
        CHECK(a.prompt[i].top[static_cast<size_t>(k)].second ==
              Approx(values[k].item<double>()).margin(1e-4));
      }
    }
  }
}

TEST_CASE(
    "log probabilities of a row: equal logits by the lowest id, any number of them, damage is an error") {
  const std::vector<float> row = {1, 3, -2, 3, 3, 0};
  const TokenChoice c = infer::token_choice(row, 4, 3);
  CHECK(c.top[0].first == 1);
  CHECK(c.top[1].first == 3);
  CHECK(c.top[2].first == 4);
  CHECK(c.top[2].second == *c.logprob);
  double total = 0;
  for (const auto& [id, logprob] : infer::token_choice(row, 0, 100).top) total += std::exp(logprob);
  CHECK(total == Approx(1.0));
  CHECK(infer::token_choice(row, 0, 100).top.size() == row.size());
  CHECK(infer::token_choice(row, 0, 0).top.empty());
  for (const float bad : {NAN, INFINITY}) {
    CHECK(test::thrown_by<Error>([&] { infer::token_choice(std::vector<float>{0, bad}, 0, 1); }).kind() ==
          ErrorKind::data);
  }
}

TEST_CASE("what cannot be served is refused, and never finishes") {
  test::TinyModel m;
  Engine engine(*m.model, {.max_batch = 1, .max_queue = 2, .cache_tokens = 64});
  CHECK(engine.max_tokens() == 64);
  Answer refused;
  const auto kind = [&](EngineRequest r) {
    return test::thrown_by<Error>([&] { engine.submit(noted(std::move(r), refused)); }).kind();
  };
  CHECK(kind({.prompt = {}}) == ErrorKind::usage);
  CHECK(kind({.prompt = {61}}) == ErrorKind::usage);
  CHECK(kind({.prompt = {-1}}) == ErrorKind::usage);
  CHECK(kind({.prompt = {1}, .max_tokens = 64}) == ErrorKind::usage);
  CHECK(kind({.prompt = {1}, .max_tokens = -1}) == ErrorKind::usage);
  CHECK(kind({.prompt = {1}, .max_tokens = std::numeric_limits<int64_t>::max()}) == ErrorKind::usage);
  CHECK(kind({.prompt = std::vector<int64_t>(65, 1), .max_tokens = 0}) == ErrorKind::usage);
  CHECK(kind({.prompt = {1}, .sampling = {.temperature = NAN}}) == ErrorKind::usage);
  CHECK(kind({.prompt = {1}, .sampling = {.top_p = NAN}}) == ErrorKind::usage);
  Answer first, second;
  engine.submit(noted({.prompt = {1, 2}, .max_tokens = 62}, first));
  engine.submit(noted({.prompt = {1}}, second));
  CHECK(kind({.prompt = {1}}) == ErrorKind::resource);
  engine.step();  // the first one runs
  Answer third;
  engine.submit(noted({.prompt = {1}}, third));
  CHECK(kind({.prompt = {1}}) == ErrorKind::resource);
  finish_all(engine);
  CHECK(first.ids().size() == 62);
  CHECK(second == third);
  CHECK(refused.finishes == 0);
  check_empty(engine);
  CHECK(engine.stats().finished[static_cast<size_t>(Finish::length)] == 3);
  CHECK(engine.stats().prompt_tokens == 4);
  CHECK(engine.stats().generated_tokens == 62 + 16 + 16);
  CHECK(engine.stats().decode_tokens == 61 + 15 + 15);
}

TEST_CASE("a request is cancelled in every state, once, and gives its room back") {
  test::TinyModel m;
  Engine engine(*m.model, {.max_batch = 2, .prefill_tokens = 8});
  const EngineRequest r{.prompt = std::vector<int64_t>(20, 3), .max_tokens = 30};
  Answer running, prefilling, waiting, itself;
  const auto a = engine.submit(noted(r, running));
  for (int i = 0; i < 5; ++i) engine.step();
  const auto b = engine.submit(noted(r, prefilling));
  engine.step();  // eight of its twenty
  const auto c = engine.submit(noted(r, waiting));
  engine.step();
  CHECK(engine.stats().running == 2);
  CHECK(engine.stats().waiting == 1);
  CHECK(engine.stats().used_pages > 0);
  for (const auto ticket : {c, b, a}) engine.cancel(ticket);
  CHECK(running.finishes == 0);
  const size_t had = running.tokens.size();
  CHECK(had > 0);
  CHECK(engine.step());
  for (const Answer* answer : {&running, &prefilling, &waiting}) {
    CHECK(answer->finishes == 1);
    CHECK(answer->finish == Finish::cancelled);
  }
  CHECK(running.tokens.size() == had);
  CHECK(prefilling.tokens.empty());
  CHECK_FALSE(engine.step());
  for (const auto ticket : {c, b, a, Engine::Ticket{12345}}) engine.cancel(ticket);  // long gone
  CHECK_FALSE(engine.step());
  CHECK(running.finishes == 1);

  Engine::Ticket own = 0;
  EngineRequest cancels = r;
  cancels.on_token = [&](const TokenChoice&) {
    if (itself.tokens.size() == 3) engine.cancel(own);
    return true;
  };
  own = engine.submit(noted(cancels, itself));
  finish_all(engine);
  CHECK(itself.finish == Finish::cancelled);
  CHECK(itself.tokens.size() == 3);
  check_empty(engine);
  CHECK(engine.stats().finished[static_cast<size_t>(Finish::cancelled)] == 4);
}

TEST_CASE("a callback ends its request, by an answer or by throwing; stop ids are kept back") {
  test::TinyModel m;
  const EngineRequest r{.prompt = {5, 6, 7}, .max_tokens = 12, .prompt_logprobs = true};
  const Answer all = alone(*m.model, r, {});
  REQUIRE(all.ids().size() == 12);
  Engine engine(*m.model, {});
  Answer stopped, thrown, thrown_prompt, thrown_finish, by_id, untouched;
  EngineRequest s = r, t = r, f = r, i = r;
  s.on_token = [&](const TokenChoice&) { return stopped.tokens.size() < 4; };
  t.on_token = [&](const TokenChoice&) -> bool {
    if (thrown.tokens.size() == 2) throw std::runtime_error("the client has gone");
    return true;
  };
  f.on_finish = [](Finish, const std::string&) { throw std::runtime_error("nobody hears this"); };
  i.stop_ids = {all.ids()[5]};
  engine.submit(noted(s, stopped));
  engine.submit(noted(t, thrown));
  EngineRequest p = noted(r, thrown_prompt);
  p.on_prompt = [](const std::vector<TokenChoice>&) { throw 5; };
  engine.submit(std::move(p));
  engine.submit(noted(f, thrown_finish));
  engine.submit(noted(i, by_id));
  engine.submit(noted(r, untouched));
  finish_all(engine);
  CHECK(stopped.finish == Finish::stop);
  CHECK(stopped.tokens.size() == 4);
  CHECK(thrown.finish == Finish::error);
  CHECK(thrown.message == "the client has gone");
  CHECK(thrown.tokens.size() == 2);
  CHECK(thrown_prompt.finish == Finish::error);
  CHECK(thrown_prompt.tokens.empty());
  CHECK(thrown_finish.finishes == 1);
  CHECK(by_id.finish == Finish::stop);
  const std::vector<int64_t> every = all.ids();
  CHECK(by_id.ids() == std::vector<int64_t>(every.begin(), std::find(every.begin(), every.end(), every[5])));
  CHECK(untouched == all);
  check_empty(engine);
}

TEST_CASE("numbers that are none end their request; who comes after into its pages is well") {
  test::TinyModel m;
  at::Tensor table = m.store.weight("model.embed_tokens.weight").dense;
  const EngineRequest sound{.prompt = {5, 6, 8}, .max_tokens = 20, .top_logprobs = 2};
  const EngineOptions options{.max_batch = 3, .cache_tokens = 64};
  const Answer expected = alone(*m.model, sound, options);
  table[7].fill_(NAN);
  Engine engine(*m.model, options);
  Answer bad, bad_prompt, before, after;
  std::exception_ptr error;
  EngineRequest b = noted({.prompt = std::vector<int64_t>(20, 7), .max_tokens = 12}, bad);
  b.on_error = [&](std::exception_ptr e) { error = e; };
  engine.submit(std::move(b));
  engine.submit(noted(sound, before));
  engine.submit(noted({.prompt = {7, 7}, .max_tokens = 0, .prompt_logprobs = true}, bad_prompt));
  engine.submit(noted(sound, after));
  finish_all(engine);
  CHECK(bad.finish == Finish::error);
  CHECK(bad.message.find("no numbers") != std::string::npos);
  CHECK(test::thrown_by<Error>([&] { std::rethrow_exception(error); }).kind() == ErrorKind::data);
  CHECK(bad_prompt.finish == Finish::error);
  CHECK(bad_prompt.prompts == 0);
  CHECK(before == expected);
  CHECK(after == expected);
  check_empty(engine);
}

TEST_CASE("a pass that fails ends its requests; the engine lives on") {
  test::TinyModel m;
  Failing model(*m.model);
  const EngineRequest r{.prompt = {5, 6, 8}, .max_tokens = 8};
  const Answer expected = alone(*m.model, r, {});
  Engine engine(model, {.max_batch = 2});
  Answer first, second, third;
  model.fail = true;
  engine.submit(noted(r, first));  // in its prompt
  CHECK(engine.step());
  CHECK(first.finish == Finish::error);
  CHECK(first.message == "out of memory");
  check_empty(engine);
  engine.submit(noted(r, second));  // among its tokens, while another one waits
  engine.step();
  engine.step();
  model.fail = true;
  engine.step();
  CHECK(second.finish == Finish::error);
  CHECK(second.tokens.size() == 2);
  engine.submit(noted(r, third));
  finish_all(engine);
  CHECK(third == expected);
  check_empty(engine);
}

TEST_CASE("what is left when the engine goes is cancelled") {
  test::TinyModel m;
  Answer running, waiting;
  {
    Engine engine(*m.model, {.max_batch = 1});
    engine.submit(noted({.prompt = {1}, .max_tokens = 50}, running));
    engine.submit(noted({.prompt = {1}, .max_tokens = 50}, waiting));
    engine.step();
  }
  for (const Answer* a : {&running, &waiting}) {
    CHECK(a->finish == Finish::cancelled);
    CHECK(a->finishes == 1);
  }
}

TEST_CASE("many threads submit and cancel while the engine runs; stopping drains or drops") {
  test::TinyModel m;
  for (const bool drain : {true, false}) {
    Engine engine(*m.model, {.max_batch = 6, .max_queue = 40, .prefill_tokens = 32});
    std::atomic<bool> stop{false};
    std::atomic<int> accepted{0}, refused{0};
    std::thread runner([&] { engine.run([&] { return stop.load(); }, [&] { return drain; }); });
    constexpr int kThreads = 8, kEach = 12;
    std::vector<Answer> answers(kThreads * kEach);
    std::vector<char> taken(kThreads * kEach, 0);
    std::vector<std::thread> clients;
    for (int c = 0; c < kThreads; ++c) {
      clients.emplace_back([&, c] {
        std::mt19937 random(static_cast<uint32_t>(c));
        for (int i = 0; i < kEach; ++i) {
          const size_t k = static_cast<size_t>(c * kEach + i);
          EngineRequest r{.prompt = std::vector<int64_t>(1 + random() % 40, static_cast<int64_t>(c)),
                          .max_tokens = static_cast<int64_t>(random() % 20)};
          try {
            const auto ticket = engine.submit(noted(r, answers[k]));
            taken[k] = 1;
            ++accepted;
            if (random() % 3 == 0) engine.cancel(ticket);
          } catch (const Error& e) {
            if (e.kind() == ErrorKind::resource) ++refused;
          }
          (void)engine.stats();
          if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
      });
    }
    for (std::thread& client : clients) client.join();
    stop = true;
    engine.wake();
    runner.join();
    CHECK(accepted + refused == kThreads * kEach);
    check_empty(engine);
    int64_t finished = 0;
    for (const int64_t n : engine.stats().finished) finished += n;
    CHECK(finished == accepted);
    CHECK(engine.stats().finished[static_cast<size_t>(Finish::error)] == 0);
    for (size_t k = 0; k < answers.size(); ++k) {
      CHECK(answers[k].finishes == (taken[k] ? 1 : 0));
      CHECK(answers[k].in_order);
    }
  }
}

TEST_CASE("an idle engine sleeps, and wakes for work and for the end") {
  test::TinyModel m;
  Engine engine(*m.model, {});
  std::atomic<bool> stop{false};
  std::atomic<int> looks{0}, done{0};
  std::thread runner([&] {
    engine.run(
        [&] {
          ++looks;
          return stop.load();
        },
        [] { return true; });
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(looks <= 2);
  engine.submit({.prompt = {1}, .max_tokens = 2, .on_finish = [&](Finish, const std::string&) { ++done; }});
  for (int i = 0; i < 5000 && done == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(done == 1);
  stop = true;
  engine.wake();
  runner.join();
  check_empty(engine);
}

}  // namespace ds
