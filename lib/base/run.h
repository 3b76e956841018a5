// What every long-running library call is handed: where to log, how to show progress, when to stop, how wide
// to go.
#pragma once

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"

namespace ds {

struct Run {
  Log& log = Log::null();
  Progress& progress = Progress::null();
  StopToken stop = {};
  int threads = 1;  // at least 1
};

}  // namespace ds
