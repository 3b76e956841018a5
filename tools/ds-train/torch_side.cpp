// The torch side of ds-train: hands the options to lib/train and reports.
#include "ds-train/options.h"
#include "nn/device.h"
#include "torch_entry.h"
#include "train/trainer.h"

extern "C" int ds_train_run(ds::tools::TorchCall& call, const ds::train::TrainOptions& options) {
  return ds::nn::guarded([&] {
    ds::nn::keep_freed_memory();
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
