// The device a tool computes on, and torch's exceptions as ours.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <functional>
#include <string>

namespace ds::nn {

// "cpu", "cuda", "cuda:1", or "auto": the first GPU when there is one, else the CPU. The CUDA half of
// LibTorch is a shared object of its own and is loaded only here, when a GPU is asked for. Throws usage for
// another word, resource when the GPU or that library is not there.
at::Device open_device(const std::string& device);

// "fp32" or "bf16"; "auto" is bf16 on a GPU and fp32 on the CPU. Throws usage.
at::ScalarType open_precision(const std::string& precision, at::Device device);

// For programs that ask for the same large blocks again and again: freed memory stays with the process, where
// returning it to the system would cost a page fault for every 4 KB of every pass. Call it once, before the
// work.
void keep_freed_memory();

// Runs `body`. Exceptions of torch come out as ds::Error: resource when memory ran out, else internal.
int guarded(const std::function<int()>& body);

}  // namespace ds::nn
