// The forwards that exist, by model_type: one function per file of lib/models, one line in model.cpp.
#pragma once

#include "models/model.h"

namespace ds::models {

std::unique_ptr<Model> make_llama(const arch::ModelConfig& config, nn::ParameterStore& store,
                                  int64_t positions);

}  // namespace ds::models
