#include "serve/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/build_info.h"

namespace ds::serve {

namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using Buckets = Histogram::BucketBoundaries;

const Buckets kFirstToken = {.001, .005, .01, .02, .04, .06, .08, .1, .25, .5,  .75,
                             1,    2.5,  5,   7.5, 10,  20,  40,  80, 160, 640, 2560};
const Buckets kPerToken = {.01, .025, .05, .075, .1,  .15, .2, .3, .4, .5,
                           .75, 1,    2.5, 5,    7.5, 10,  20, 40, 80};
const Buckets kWhole = {.3, .5, .8, 1,  1.5, 2,   2.5, 5,   10,   15,  20,
                        30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680};

// 1, 2, 5, 10, 20, 50 … up to `most`.
Buckets one_two_five(int64_t most) {
  Buckets out;
  for (double scale = 1; scale <= static_cast<double>(most); scale *= 10)
    for (const double step : {1.0, 2.0, 5.0})
      if (step * scale <= static_cast<double>(most)) out.push_back(step * scale);
  return out;
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  Labels model;

  Gauge& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(model);
  }
  Counter& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(model);
  }
  Histogram& histogram(const char* name, const char* help, const Buckets& buckets) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(model, buckets);
  }
  Counter& ended(const char* reason) {
    Labels labels = model;
    labels["finished_reason"] = reason;
    return success.Add(labels);
  }

  State(const std::string& name, int64_t max_tokens)
      : model({{"model_name", name}}), tokens(one_two_five(max_tokens)) {
    const BuildInfo& b = build_info();
    prometheus::BuildGauge()
        .Name("ds_serve_build_info")
        .Help("What this server is, always 1.")
        .Register(registry)
        .Add({{"version", b.version}, {"commit", b.commit}, {"compiler", b.compiler}, {"torch", b.torch}})
        .Set(1);
  }

  Buckets tokens;
  Gauge& running = gauge("vllm:num_requests_running", "Requests in the batch.");
  Gauge& waiting = gauge("vllm:num_requests_waiting", "Requests in the queue.");
  Gauge& cache = gauge("vllm:kv_cache_usage_perc", "Share of the key/value cache in use, 0 to 1.");
  Gauge& pages = gauge("ds_serve_kv_cache_pages_used", "Pages of the key/value cache in use.");
  Gauge& open = gauge("ds_serve_connections", "Open connections.");
  Counter& disconnects =
      counter("ds_serve_disconnects_total", "Clients that went before their answer ended.");
  Counter& prompt = counter("vllm:prompt_tokens_total", "Prompt tokens processed.");
  Counter& generated = counter("vllm:generation_tokens_total", "Tokens generated.");
  prometheus::Family<Counter>& success = prometheus::BuildCounter()
                                             .Name("vllm:request_success_total")
                                             .Help("Requests that ended, by how.")
                                             .Register(registry);
  Counter &stopped = ended("stop"), &length = ended("length"), &aborted = ended("abort"),
          &failed = ended("error");
  Histogram& ttft =
      histogram("vllm:time_to_first_token_seconds", "From arrival to the first token.", kFirstToken);
  Histogram& itl = histogram("vllm:inter_token_latency_seconds", "From one token to the next.", kPerToken);
  Histogram& tpot = histogram("vllm:request_time_per_output_token_seconds",
                              "Mean time of a request's tokens after the first.", kPerToken);
  Histogram& e2e = histogram("vllm:e2e_request_latency_seconds", "From arrival to the last token.", kWhole);
  Histogram& decode =
      histogram("vllm:request_decode_time_seconds", "From the first token to the last.", kWhole);
  Histogram& prompt_size = histogram("vllm:request_prompt_tokens", "Tokens of a prompt.", tokens);
  Histogram& answer_size = histogram("vllm:request_generation_tokens", "Tokens of an answer.", tokens);
  Histogram& asked = histogram("vllm:request_params_max_tokens", "max_tokens of a request.", tokens);
  prometheus::Family<Counter>& http =
      prometheus::BuildCounter().Name("http_requests_total").Help("HTTP requests.").Register(registry);
  prometheus::Family<Histogram>& http_seconds = prometheus::BuildHistogram()
                                                    .Name("http_request_duration_seconds")
                                                    .Help("From a request's head to the end of its response.")
                                                    .Register(registry);
};

Metrics::Metrics(const std::string& model_name, int64_t max_tokens)
    : state_(std::make_unique<State>(model_name, max_tokens)) {}
Metrics::~Metrics() = default;

void Metrics::http_request(const std::string& handler, const std::string& method, int status,
                           double seconds) {
  state_->http.Add({{"handler", handler}, {"method", method}, {"status", std::to_string(status)}})
      .Increment();
  state_->http_seconds.Add({{"handler", handler}}, kFirstToken).Observe(seconds);
}

void Metrics::request_begins(int64_t prompt_tokens, int64_t max_tokens) {
  state_->prompt_size.Observe(static_cast<double>(prompt_tokens));
  state_->asked.Observe(static_cast<double>(max_tokens));
}
void Metrics::first_token(double seconds) { state_->ttft.Observe(seconds); }
void Metrics::next_token(double seconds) { state_->itl.Observe(seconds); }

void Metrics::request_ends(int64_t tokens, double seconds, double decode_seconds) {
  state_->answer_size.Observe(static_cast<double>(tokens));
  state_->e2e.Observe(seconds);
  if (tokens == 0) return;
  state_->decode.Observe(decode_seconds);
  if (tokens > 1) state_->tpot.Observe(decode_seconds / static_cast<double>(tokens - 1));
}

void Metrics::disconnect() { state_->disconnects.Increment(); }
void Metrics::connections(int64_t now) { state_->open.Set(static_cast<double>(now)); }

std::string Metrics::text(const EngineNumbers& e) {
  State& s = *state_;
  s.running.Set(static_cast<double>(e.running));
  s.waiting.Set(static_cast<double>(e.waiting));
  s.pages.Set(static_cast<double>(e.used_pages));
  s.cache.Set(e.total_pages > 0 ? static_cast<double>(e.used_pages) / static_cast<double>(e.total_pages) : 0);
  const auto count_to = [](Counter& c, int64_t total) {
    const double more = static_cast<double>(total) - c.Value();
    if (more > 0) c.Increment(more);
  };
  count_to(s.prompt, e.prompt_tokens);
  count_to(s.generated, e.generated_tokens);
  count_to(s.stopped, e.stopped);
  count_to(s.length, e.length);
  count_to(s.aborted, e.aborted);
  count_to(s.failed, e.failed);
  return prometheus::TextSerializer().Serialize(s.registry.Collect());
}

}  // namespace ds::serve
