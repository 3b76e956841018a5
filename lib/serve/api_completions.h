// POST /v1/completions: its JSON as a Plan. A pure function of body and model (and of a drawn seed).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "serve/plan.h"

namespace ds::serve {

Plan read_completion(const nlohmann::json& body, const ServedModel& model);  // throws ApiError

}  // namespace ds::serve
