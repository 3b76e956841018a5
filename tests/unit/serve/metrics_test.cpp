#include "serve/metrics.h"

#include "catch.h"
#include "serve/router.h"

namespace ds {

TEST_CASE("metrics: names that dashboards know, labels that stay few") {
  serve::Metrics metrics("toy", 256);
  metrics.http_request(serve::handler_label("/v1/models/a"), serve::method_label("BREW"), 405, 0.01);
  metrics.first_token(0.02);
  metrics.request_ends(3, 0.1, 0.05);
  serve::EngineNumbers n;
  n.running = 2;
  n.used_pages = 5;
  n.total_pages = 10;
  n.generated_tokens = 30;
  n.aborted = 1;
  metrics.text(n);
  const std::string text = metrics.text(n);  // counters do not grow by being looked at
  for (const char* line :
       {"vllm:num_requests_running{model_name=\"toy\"} 2", "vllm:num_requests_waiting{model_name=\"toy\"} 0",
        "vllm:kv_cache_usage_perc{model_name=\"toy\"} 0.5",
        "vllm:generation_tokens_total{model_name=\"toy\"} 30",
        "vllm:request_success_total{finished_reason=\"abort\",model_name=\"toy\"} 1",
        "vllm:time_to_first_token_seconds_count{model_name=\"toy\"} 1",
        "http_requests_total{handler=\"/v1/models/*\",method=\"other\",status=\"405\"} 1",
        "ds_serve_build_info{"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(serve::handler_label("/a/b/c") == "other");
}

}  // namespace ds
