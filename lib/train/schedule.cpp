#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace ds::train {

double learning_rate(const TrainOptions& o, int64_t step) {
  if (step <= o.warmup) return o.lr * static_cast<double>(step) / static_cast<double>(o.warmup);
  const double floor = o.lr * o.min_lr_ratio, fall = o.lr - floor;
  // How far step lies between `begin` (0) and the last step (1).
  const auto progress = [&](int64_t begin) {
    return std::clamp(
        static_cast<double>(step - begin) / static_cast<double>(std::max<int64_t>(1, o.steps - begin)), 0.0,
        1.0);
  };
  if (o.schedule == "constant") return o.lr;
  if (o.schedule == "linear") return o.lr - fall * progress(o.warmup);
  if (o.schedule == "cosine")
    return floor + 0.5 * fall * (1.0 + std::cos(std::numbers::pi * progress(o.warmup)));
  if (o.schedule == "wsd") {
    const int64_t decay = std::llround(o.decay_ratio * static_cast<double>(o.steps));
    const int64_t begin = std::max(o.warmup, o.steps - decay);
    return step <= begin ? o.lr : o.lr - fall * std::sqrt(progress(begin));
  }
  throw usage_error("--schedule: `" + o.schedule + "` is not known", "use cosine, linear, constant or wsd");
}

}  // namespace ds::train
