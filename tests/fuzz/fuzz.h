// One fuzz target a reader: x_fuzz.cpp defines fuzz(); this header gives it libFuzzer's entry. A data or
// usage error is a right answer to any bytes, everything else (a crash, another exception, a sanitizer's
// report) is a finding.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/io.h"

void fuzz(std::string_view input);

// The path of a file with these bytes, for readers that map one. The same path each time.
inline std::string file_of(std::string_view bytes, const char* ending) {
  const std::string path = "/tmp/ds-fuzz-" + std::to_string(getpid()) + ending;
  ds::Fd fd = ds::open_create(path);
  ds::write_all(fd.get(), bytes, path);
  fd.close(path);
  return path;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    fuzz({reinterpret_cast<const char*>(data), size});
  } catch (const ds::Error& e) {
    if (e.kind() != ds::ErrorKind::data && e.kind() != ds::ErrorKind::usage) throw;
  }
  return 0;
}
