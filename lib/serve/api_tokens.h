// POST /tokenize and /detokenize, in the form that other servers have given them.
//
//   {"prompt": TEXT, "add_special_tokens": true} or {"messages": […]}
//       -> {"count", "max_model_len", "tokens": [ids]}
//   {"tokens": [ids]} -> {"prompt": TEXT}
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "serve/plan.h"

namespace ds::serve {

std::string tokenize(const nlohmann::json& body, const ServedModel& model);  // both throw ApiError
std::string detokenize(const nlohmann::json& body, const ServedModel& model);

}  // namespace ds::serve
