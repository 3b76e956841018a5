#include "infer/engine.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/error.h"
#include "infer/kv_cache.h"
#include "infer/pass.h"
#include "nn/torch_pch.h"

namespace ds::infer {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kDefaultCacheBytes = int64_t{2} << 30;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Job {
  Engine::Ticket ticket = 0;
  EngineRequest request;
  std::atomic<bool> cancelled{false};
  // The rest belongs to the stepping thread.
  int slot = -1;
  int64_t fed = 0;       // prompt tokens that went through the model
  int64_t produced = 0;  // tokens handed out
  int64_t last = -1;     // the newest of them, what the next pass is fed
  bool finished = false;
  std::vector<TokenChoice> scored;  // the prompt's tokens, as far as fed

  int64_t length() const { return static_cast<int64_t>(request.prompt.size()); }
  bool decoding() const { return fed == length(); }
  PassPart part(std::vector<int64_t> ids) const {
    return {slot, std::move(ids), &request, length() + produced};
  }
};
using JobPtr = std::shared_ptr<Job>;

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const c10::Error& e) {
    return e.what_without_backtrace();
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an unknown error";
  }
}

int64_t cache_pages(const arch::ModelConfig& config, const nn::StoreOptions& store, const EngineOptions& o) {
  if (o.cache_tokens > 0) return pages_for(o.cache_tokens);
  const int64_t positions = o.positions > 0 ? o.positions : config.max_positions;
  const int64_t token_bytes = KvCache::bytes_per_token(config, store.compute);
  const int64_t most = std::max<int64_t>(1, kDefaultCacheBytes / (token_bytes * kPage));
  const int64_t each = pages_for(positions);
  return each > most / o.max_batch ? most : each * o.max_batch;
}

EngineOptions checked(const EngineOptions& o) {
  if (o.max_batch < 1 || o.max_queue < 1 || o.prefill_tokens < 1 || o.cache_tokens < 0)
    throw usage_error("the engine needs room for at least one request, one waiting and one token");
  return o;
}

}  // namespace

struct Engine::State {
  State(models::Model& m, const EngineOptions& o)
      : model(m),
        options(checked(o)),
        pages(cache_pages(m.config(), m.store().options(), options)),
        cache(m.config(), pages, m.store().options().device, m.store().options().compute) {}

  models::Model& model;
  const EngineOptions options;
  const int64_t pages;
  KvCache cache;                // of the stepping thread
  std::vector<JobPtr> running;  // likewise, in the order of arrival

  mutable std::mutex mutex;  // over what follows; never held during a callback or a pass
  std::condition_variable changed;
  bool woken = false;
  Ticket next_ticket = 1;
  std::deque<JobPtr> waiting;
  std::unordered_map<Ticket, JobPtr> live;  // waiting or running
  EngineStats stats;

  void finish(const JobPtr& job, Finish how, const std::string& message = {},
              const std::exception_ptr& error = {});
  void fail(const JobPtr& job, const std::exception_ptr& error) {
    finish(job, Finish::error, text_of(error), error);
  }
  template <class T>
  void count(T EngineStats::* what, T more) {
    const std::lock_guard lock(mutex);
    stats.*what += more;
  }
  bool drop_cancelled();
  void admit();
  bool prefill();
  void decode(std::vector<JobPtr> jobs);
  bool attempt(const std::vector<JobPtr>& jobs, const std::vector<PassPart>& parts,
               const std::vector<PassRow>& rows, std::vector<PassResult>& results);
  void deliver(const JobPtr& job, TokenChoice choice);
  void cancel_all();
};

// Everything is given back before on_finish is called, so whoever it wakes finds the room free.
void Engine::State::finish(const JobPtr& job, Finish how, const std::string& message,
                           const std::exception_ptr& error) {
  if (job->finished) return;
  job->finished = true;
  if (job->slot >= 0) {
    cache.free_sequence(job->slot);
    std::erase(running, job);
  }
  {
    const std::lock_guard lock(mutex);
    live.erase(job->ticket);
    ++stats.finished[static_cast<size_t>(how)];
    stats.running = static_cast<int64_t>(running.size());
    stats.used_pages = pages - cache.free_pages();
  }
  // Nobody is left to be told of what these two throw.
  try {
    if (error && job->request.on_error) job->request.on_error(error);
  } catch (...) {
  }
  try {
    if (job->request.on_finish) job->request.on_finish(how, message);
  } catch (...) {
  }
}

bool Engine::State::drop_cancelled() {
  std::vector<JobPtr> dropped;
  {
    const std::lock_guard lock(mutex);
    for (const JobPtr& job : waiting)
      if (job->cancelled) dropped.push_back(job);
    std::erase_if(waiting, [](const JobPtr& job) { return job->cancelled.load(); });
  }
  for (const JobPtr& job : running)
    if (job->cancelled) dropped.push_back(job);
  for (const JobPtr& job : dropped) finish(job, Finish::cancelled);
  return !dropped.empty();
}

void Engine::State::admit() {
  const std::lock_guard lock(mutex);
  while (!waiting.empty() && static_cast<int64_t>(running.size()) < options.max_batch) {
    const JobPtr& job = waiting.front();
    const int64_t tokens = job->length() + job->request.max_tokens;
    if (pages_for(tokens) > cache.free_pages()) break;
    job->slot = cache.add_sequence();
    cache.grow(job->slot, tokens);
    running.push_back(job);
    waiting.pop_front();
  }
  stats.running = static_cast<int64_t>(running.size());
  stats.used_pages = pages - cache.free_pages();
}

// A pass; false when it could not be done as a whole, which ends its requests and nothing else.
bool Engine::State::attempt(const std::vector<JobPtr>& jobs, const std::vector<PassPart>& parts,
                            const std::vector<PassRow>& rows, std::vector<PassResult>& results) {
  try {
    results = run_pass(model, cache, parts, rows);
    return true;
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    for (const JobPtr& job : jobs) fail(job, error);
    return false;
  }
}

void Engine::State::deliver(const JobPtr& job, TokenChoice choice) {
  const EngineRequest& r = job->request;
  if (job->cancelled) return finish(job, Finish::cancelled);
  if (std::find(r.stop_ids.begin(), r.stop_ids.end(), choice.id) != r.stop_ids.end())
    return finish(job, Finish::stop);
  ++job->produced;
  job->last = choice.id;
  count(&EngineStats::generated_tokens, int64_t{1});
  try {
    if (r.on_token && !r.on_token(choice)) return finish(job, Finish::stop);
  } catch (...) {
    return fail(job, std::current_exception());
  }
  if (job->produced == r.max_tokens) finish(job, Finish::length);
}

bool Engine::State::prefill() {
  const Clock::time_point start = Clock::now();
  std::vector<JobPtr> jobs;
  std::vector<PassPart> parts;
  std::vector<PassRow> rows;
  int64_t used = 0;
  for (const JobPtr& job : running) {
    // A prompt is cut at multiples of prefill_tokens from its own beginning, whoever comes along.
    const EngineRequest& r = job->request;
    const int64_t length = std::min(job->length() - job->fed, options.prefill_tokens);
    if (length == 0) continue;
    if (!parts.empty() && used + length > options.prefill_tokens) break;
    const auto begin = r.prompt.begin() + job->fed;
    for (int64_t i = 0; i < length; ++i) {
      const int64_t next = job->fed + i + 1;
      if (next == job->length()) {
        if (r.max_tokens > 0) rows.push_back({parts.size(), used + i, -1});
      } else if (r.prompt_logprobs) {
        rows.push_back({parts.size(), used + i, r.prompt[static_cast<size_t>(next)]});
      }
    }
    parts.push_back(job->part({begin, begin + length}));
    jobs.push_back(job);
    used += length;
  }
  std::vector<PassResult> results;
  if (parts.empty()) return false;
  if (!attempt(jobs, parts, rows, results)) return true;
  count(&EngineStats::prompt_tokens, used);

  size_t at = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const JobPtr& job = jobs[i];
    const EngineRequest& r = job->request;
    if (job->fed == 0 && r.prompt_logprobs)
      job->scored.push_back({.id = r.prompt[0], .logprob = {}, .top = {}});
    job->fed += static_cast<int64_t>(parts[i].ids.size());
    std::exception_ptr error;
    std::optional<TokenChoice> drawn;
    for (; at < rows.size() && rows[at].part == i; ++at) {
      if (results[at].error) error = results[at].error;
      if (rows[at].target >= 0)
        job->scored.push_back(std::move(results[at].choice));
      else
        drawn = std::move(results[at].choice);
    }
    if (error) {
      fail(job, error);
      continue;
    }
    if (!job->decoding()) continue;
    if (job->cancelled) {
      finish(job, Finish::cancelled);
      continue;
    }
    try {
      if (r.prompt_logprobs && r.on_prompt) r.on_prompt(job->scored);
    } catch (...) {
      fail(job, std::current_exception());
      continue;
    }
    job->scored = {};
    if (drawn)
      deliver(job, std::move(*drawn));
    else
      finish(job, Finish::length);
  }
  count(&EngineStats::prefill_seconds, seconds_since(start));
  return true;
}

void Engine::State::decode(std::vector<JobPtr> jobs) {
  const Clock::time_point start = Clock::now();
  std::vector<PassPart> parts;
  std::vector<PassRow> rows;
  std::erase_if(jobs, [](const JobPtr& job) { return job->finished; });
  for (const JobPtr& job : jobs) {
    rows.push_back({parts.size(), static_cast<int64_t>(parts.size()), -1});
    parts.push_back(job->part({job->last}));
  }
  std::vector<PassResult> results;
  if (parts.empty() || !attempt(jobs, parts, rows, results)) return;
  count(&EngineStats::decode_tokens, static_cast<int64_t>(parts.size()));
  for (size_t i = 0; i < parts.size(); ++i) {
    if (results[i].error)
      fail(jobs[i], results[i].error);
    else
      deliver(jobs[i], std::move(results[i].choice));
  }
  count(&EngineStats::decode_seconds, seconds_since(start));
}

void Engine::State::cancel_all() {
  const std::lock_guard lock(mutex);
  for (const auto& [ticket, job] : live) job->cancelled = true;
}

Engine::Engine(models::Model& model, const EngineOptions& options)
    : state_(std::make_unique<State>(model, options)) {
  state_->stats.total_pages = state_->pages;
}

Engine::~Engine() {
  state_->cancel_all();
  state_->drop_cancelled();
}

int64_t Engine::max_tokens() const {
  const int64_t positions =
      state_->options.positions > 0 ? state_->options.positions : state_->model.config().max_positions;
  return std::min(positions, state_->pages * kPage);
}

Engine::Ticket Engine::submit(EngineRequest request) {
  const int64_t vocab = state_->model.config().vocab_size;
  const SamplerOptions& s = request.sampling;
  if (request.prompt.empty())
    throw usage_error("the prompt is empty: there is nothing to continue", "give at least one token");
  for (const int64_t id : request.prompt) {
    if (id < 0 || id >= vocab)
      throw usage_error(fmt::format("token id {}: the model's vocabulary has {} entries", id, vocab));
  }
  if (request.max_tokens < 0) throw usage_error(fmt::format("{} tokens asked for", request.max_tokens));
  const int64_t length = static_cast<int64_t>(request.prompt.size()), most = max_tokens();
  if (length > most || request.max_tokens > most - length) {
    throw usage_error(
        fmt::format("{} prompt tokens and {} new ones are more than the {} that there is room for", length,
                    request.max_tokens, most),
        "shorten the prompt or ask for fewer tokens");
  }
  if (!std::isfinite(s.temperature) || s.temperature < 0)
    throw usage_error(fmt::format("temperature {}: no number from 0 on", s.temperature));
  if (!(s.top_p >= 0 && s.top_p <= 1)) throw usage_error(fmt::format("top_p {}: not in 0 to 1", s.top_p));

  auto job = std::make_shared<Job>();
  job->request = std::move(request);
  {
    const std::lock_guard lock(state_->mutex);
    if (static_cast<int64_t>(state_->waiting.size()) >= state_->options.max_queue) {
      throw resource_error(fmt::format("{} requests are waiting already", state_->waiting.size()),
                           "try again later");
    }
    job->ticket = state_->next_ticket++;
    state_->live.emplace(job->ticket, job);
    state_->waiting.push_back(job);
  }
  state_->changed.notify_one();
  return job->ticket;
}

void Engine::cancel(Ticket ticket) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->live.find(ticket);
  if (found != state_->live.end()) found->second->cancelled = true;
}

bool Engine::step() {
  at::NoGradGuard no_grad;
  State& s = *state_;
  const bool dropped = s.drop_cancelled();
  s.admit();
  std::vector<JobPtr> decoding;  // who had its first token before this step
  for (const JobPtr& job : s.running)
    if (job->decoding()) decoding.push_back(job);
  if (!s.running.empty()) s.count(&EngineStats::steps, int64_t{1});
  const bool worked = s.prefill() || !decoding.empty();
  if (!decoding.empty()) s.decode(std::move(decoding));
  return worked || dropped;
}

void Engine::run(const std::function<bool()>& stop, const std::function<bool()>& drain) {
  for (;;) {
    const bool stopping = stop();
    if (stopping && !drain()) state_->cancel_all();
    if (step()) continue;
    std::unique_lock lock(state_->mutex);
    if (stopping && state_->waiting.empty()) return;
    state_->changed.wait(lock, [&] { return state_->woken || !state_->waiting.empty(); });
    state_->woken = false;
  }
}

void Engine::wake() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->woken = true;
  }
  state_->changed.notify_all();
}

EngineStats Engine::stats() const {
  const std::lock_guard lock(state_->mutex);
  EngineStats result = state_->stats;
  result.waiting = static_cast<int64_t>(state_->waiting.size());
  return result;
}

}  // namespace ds::infer
