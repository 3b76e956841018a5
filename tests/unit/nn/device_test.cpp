#include "nn/device.h"

#include <ATen/ATen.h>

#include <new>

#include "base/error.h"
#include "base/io.h"
#include "catch.h"
#include "scratch.h"

namespace ds {

using test::thrown_by;

TEST_CASE("device and precision names") {
  CHECK(nn::open_device("cpu").is_cpu());
  for (const char* name : {"gpu", "cuda:", "cuda:x", "cuda:10", "CPU", ""}) {
    CHECK(thrown_by<Error>([&] { nn::open_device(name); }).kind() == ErrorKind::usage);
  }
  CHECK(nn::open_precision("auto", at::kCPU) == at::kFloat);
  CHECK(nn::open_precision("bf16", at::kCPU) == at::kBFloat16);
  CHECK(thrown_by<Error>([] { nn::open_precision("fp8", at::kCPU); }).kind() == ErrorKind::usage);
  if (!exists("/dev/nvidia0")) {
    CHECK(nn::open_device("auto").is_cpu());
    CHECK(thrown_by<Error>([] { nn::open_device("cuda"); }).kind() == ErrorKind::resource);
  }
}

TEST_CASE("torch's exceptions come out as ours") {
  CHECK(nn::guarded([] { return 7; }) == 7);
  const Error wrong =
      thrown_by<Error>([] { nn::guarded([] { return static_cast<int>(at::ones({2}).view({3}).numel()); }); });
  CHECK(wrong.kind() == ErrorKind::internal);
  CHECK(std::string(wrong.what()).find('\n') == std::string::npos);
  const Error memory = thrown_by<Error>(
      [] { nn::guarded([] { return static_cast<int>(at::empty({int64_t{1} << 60}, at::kByte).numel()); }); });
  CHECK(memory.kind() == ErrorKind::resource);
  CHECK(thrown_by<Error>([] { nn::guarded([]() -> int { throw std::bad_alloc(); }); }).kind() ==
        ErrorKind::resource);
  CHECK(thrown_by<Error>([] { nn::guarded([]() -> int { throw usage_error("mine"); }); }).kind() ==
        ErrorKind::usage);
}

}  // namespace ds
