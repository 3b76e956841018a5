// What ds-serve can be told. Plain data: the front fills it (tools/ds-serve/options.cpp), the server reads
// it.
#pragma once

#include <cstdint>
#include <string>

namespace ds::serve {

struct ServeOptions {
  std::string model, model_name, chat_template = "auto", precision = "auto";
  std::string host = "127.0.0.1", api_key_file;
  int64_t port = 8000;  // 0: one that is free
  int64_t max_batch = 32, max_queue = 256, cache_tokens = 0;
  int64_t max_connections = 1024;
  uint64_t max_body = uint64_t{4} << 20;                                  // bytes
  double request_timeout = 600, header_timeout = 10, drain_timeout = 30;  // seconds
  bool access_log = false;
};

}  // namespace ds::serve
