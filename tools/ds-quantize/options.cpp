#include "ds-quantize/options.h"

#include "base/error.h"
#include "cli/options.h"
#include "window_options.h"

namespace ds::quantize {

void declare(cli::OptionTable& t, Options& o) {
  t.group("Input and output");
  t.add("--model", o.model, "DIR", "model folder, or the run folder of ds-train")
      .required()
      .not_in_manifest();
  t.add("-o,--output", o.output, "DIR", "model folder to write").required().not_in_manifest();
  t.group("Quantisation");
  t.add("--scheme", o.scheme, "NAME",
        "int8: 8 bits, a scale a row; int4: 4 bits, a scale for every 128 inputs; both round to nearest")
      .choices({"int8", "int4"})
      .required();
  t.add("--group-size", o.group_size, "N",
        "inputs that share a scale; -1: the whole row; 0: as --scheme says")
      .range(-1, 1 << 24);
  t.add("--ignore", o.ignore, "NAME",
        "layer to leave as it is, by its name or the end of it (down_proj); may be repeated");
  t.group("Loss");
  t.add("--data", o.data, "NAME",
        "token data, NAME.bin and NAME.idx, to measure the loss on before and after")
      .not_in_manifest();
  t.add("--max-loss-increase", o.max_loss_increase, "R",
        "with --data: exit 1, with no output, when the loss rises by more than this fraction; -1: no limit")
      .range(-1, 1e6);
  t.add("--precision", o.precision, "TYPE", "numbers to compute the loss in; auto: bf16 on a GPU, else fp32")
      .choices({"fp32", "bf16", "auto"});
  tools::declare_windows(t, o);
  t.check([&o] {
    if (o.max_loss_increase >= 0 && o.data.empty())
      throw usage_error("--max-loss-increase: there is no loss without data", "give --data too");
  });
}

}  // namespace ds::quantize
