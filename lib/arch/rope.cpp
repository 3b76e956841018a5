// Frequencies of rotary embedding. Everything is fp32 in the order of operations of transformers' rope_utils,
// because the angles are multiplied by positions of many thousands.
#include <algorithm>
#include <cmath>

#include "arch/config.h"

namespace ds::arch {
namespace {

constexpr double kPi = 3.14159265358979323846;

// Wavelengths beyond the trained context are stretched by the factor, short ones left alone, those between
// blended.
void apply_llama3(const RopeConfig& rope, std::vector<float>& inv) {
  const float factor = static_cast<float>(rope.factor);
  const double original = static_cast<double>(rope.original_max_positions);
  const float low_wavelength = static_cast<float>(original / rope.low_freq_factor);
  const float high_wavelength = static_cast<float>(original / rope.high_freq_factor);
  for (float& f : inv) {
    const float wavelength = static_cast<float>(2.0 * kPi) / f;
    if (wavelength > low_wavelength) {
      f /= factor;
    } else if (!(wavelength < high_wavelength)) {
      const float smooth =
          (static_cast<float>(original) / wavelength - static_cast<float>(rope.low_freq_factor)) /
          static_cast<float>(rope.high_freq_factor - rope.low_freq_factor);
      f = (1.0f - smooth) * f / factor + smooth * f;
    }
  }
}

double yarn_mscale(double scale, double mscale) {
  return scale <= 1.0 ? 1.0 : 0.1 * mscale * std::log(scale) + 1.0;
}

// YaRN (Peng et al., 2023): a ramp over the pairs between interpolated and untouched frequencies.
float apply_yarn(const RopeConfig& rope, int64_t dim, std::vector<float>& inv) {
  const double d = static_cast<double>(dim);
  const auto correction = [&](double rotations) {
    return d * std::log(static_cast<double>(rope.original_max_positions) / (rotations * 2.0 * kPi)) /
           (2.0 * std::log(rope.theta));
  };
  double low = correction(rope.beta_fast), high = correction(rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, d - 1.0);
  if (low == high) high += 0.001;
  for (size_t i = 0; i < inv.size(); ++i) {
    const float position = static_cast<float>(i);
    const float ramp =
        std::clamp((position - static_cast<float>(low)) / static_cast<float>(high - low), 0.0f, 1.0f);
    const float keep = 1.0f - ramp;
    const float interpolated = inv[i] / static_cast<float>(rope.factor);
    inv[i] = interpolated * (1.0f - keep) + inv[i] * keep;
  }
  if (rope.attention_factor) return static_cast<float>(*rope.attention_factor);
  const double m = rope.mscale.value_or(0.0), all = rope.mscale_all_dim.value_or(0.0);
  if (m != 0.0 && all != 0.0)
    return static_cast<float>(yarn_mscale(rope.factor, m) / yarn_mscale(rope.factor, all));
  return static_cast<float>(yarn_mscale(rope.factor, 1.0));
}

}  // namespace

RopeTable rope_table(const ModelConfig& config) {
  const RopeConfig& rope = config.rope;
  RopeTable table;
  table.inverse_frequencies.resize(static_cast<size_t>(config.head_dim / 2));
  for (size_t i = 0; i < table.inverse_frequencies.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
    table.inverse_frequencies[i] = 1.0f / std::pow(static_cast<float>(rope.theta), exponent);
  }
  if (rope.type == "linear") {
    for (float& f : table.inverse_frequencies) f /= static_cast<float>(rope.factor);
  } else if (rope.type == "llama3") {
    apply_llama3(rope, table.inverse_frequencies);
  } else if (rope.type == "yarn") {
    table.scale = apply_yarn(rope, config.head_dim, table.inverse_frequencies);
  }
  return table;
}

}  // namespace ds::arch
