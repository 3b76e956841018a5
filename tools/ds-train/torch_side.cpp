// The torch side of ds-train: hands the options to lib/train and reports.
#include <malloc.h>

#include "ds-train/options.h"
#include "nn/device.h"
#include "torch_entry.h"
#include "train/trainer.h"

// Every step asks for the same large blocks. Kept in the heap they stay mapped: returning them to the system
// after each use would cost a page fault for every 4 KB of every step.
static void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
}

extern "C" int ds_train_run(ds::tools::TorchCall& call, const ds::train::TrainOptions& options) {
  return ds::nn::guarded([&] {
    keep_freed_memory();
    const ds::train::TrainResult result = ds::train::train({.options = options,
                                                            .manifest_options = call.manifest_options,
                                                            .seed = call.seed,
                                                            .device = call.device,
                                                            .resume = call.resume,
                                                            .depfile = call.depfile,
                                                            .force = call.force,
                                                            .dry_run = call.dry_run},
                                                           call.run);
    call.report(result.human, result.json);
    return result.status;
  });
}
