// Llama: DeepSeek-LLM, DeepSeek-Coder, R1-Distill-Llama.
#pragma once

#include "arch/arch.h"

namespace ds::arch {

extern const Arch kLlama;

}  // namespace ds::arch
