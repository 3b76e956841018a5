// A shared object for plugin_test.cpp: throws across its border.
#include "base/error.h"

extern "C" int probe_answer() { return 42; }
extern "C" void probe_throw(int what) {
  if (what == 0) throw ds::data_error("probe: broken", "mend it");
  throw ds::BrokenPipe{};
}
