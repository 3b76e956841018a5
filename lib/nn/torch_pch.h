// Precompiled header of the torch translation units: one parse of ATen instead of one per file.
#pragma once
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
