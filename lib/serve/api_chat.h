// POST /v1/chat/completions: its JSON as a Plan.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "serve/plan.h"

namespace ds::serve {

Plan read_chat(const nlohmann::json& body, const ServedModel& model);  // throws ApiError

// The ids of body.messages in the model's chat form, ready for an answer. Throws ApiError; for a model
// without a chat form one that names /v1/completions.
Prompt read_messages(const nlohmann::json& body, const ServedModel& model);

}  // namespace ds::serve
