// What the completion endpoints have in common: parameters of sampling and stopping, what is refused, and
// the limits on prompts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "serve/api_error.h"
#include "serve/plan.h"

namespace ds::serve {

inline constexpr size_t kMaxStops = 16, kMaxStopBytes = 1024;
inline constexpr int64_t kMaxTop = 20;  // most likely tokens that can be asked for

// Refuses parameters that the endpoint does not know and known ones that ask for what the server does not do;
// nothing is ignored that would change the answer. `own` are the endpoint's parameters besides the common.
void check_names(const nlohmann::json& body, const std::vector<std::string_view>& own);
// 404 when the body names another model than the one that is served.
void check_model(const nlohmann::json& body, const ServedModel& model);
// temperature, top_p, top_k, seed, n, stop, stream, stream_options, ignore_eos. Without a seed, one is drawn.
void read_common(const nlohmann::json& body, const ServedModel& model, Plan& plan);
// max_tokens against the room that the model has; `asked` below 0: not given, `otherwise` when there is room.
int64_t room_for(const ServedModel& model, size_t prompt_tokens, int64_t asked, int64_t otherwise);
// Refuses text that cannot fit before any work is spent on it.
void check_text_size(const ServedModel& model, size_t bytes, const char* param);

}  // namespace ds::serve
