// How a loss is measured over token data: the flags of ds-eval perplexity, which ds-quantize has too.
#pragma once

#include "base/error.h"
#include "cli/options.h"

namespace ds::tools {

// Options has seq_len, stride, batch_size (int64_t) and document_mask (bool).
template <class Options>
void declare_windows(cli::OptionTable& t, Options& o) {
  t.add("--seq-len", o.seq_len, "N", "tokens of a window; 0: what the model offers, at most 1024")
      .range(0, 1 << 24);
  t.add("--stride", o.stride, "N",
        "tokens between windows of a long text; 0: --seq-len, so that none overlap")
      .range(0, 1 << 24);
  t.add("--batch-size", o.batch_size, "N", "windows in one pass; 0: about 4096 tokens")
      .range(0, 1 << 20)
      .not_in_manifest();
  t.flag("--document-mask", o.document_mask, "documents do not see each other, as in ds-train");
  t.check([&o] {
    if (o.stride > o.seq_len && o.seq_len > 0)
      throw usage_error("--stride: more than --seq-len, so tokens would be left out");
  });
}

}  // namespace ds::tools
