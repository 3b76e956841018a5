#include "train/plan.h"

#include <fmt/format.h>

#include "arch/arch.h"

namespace ds::train {

namespace {

std::string megabytes(uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

std::string duration(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  return seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace

double training_flops(const TrainOptions& o, const arch::ModelConfig& config) {
  const double tokens =
      static_cast<double>(o.steps * o.batch_size * o.accumulation) * static_cast<double>(o.seq_len);
  return 3.0 * tokens * arch::arch_of(config).forward_flops(config, static_cast<double>(o.seq_len) / 2);
}

Plan make_plan(const TrainOptions& o, const Inputs& in, const std::string& device, double flops_per_second) {
  arch::TrainShape shape;
  shape.batch_size = o.batch_size;
  shape.seq_len = o.seq_len;
  shape.bf16 = o.precision == "bf16";
  const arch::MemoryEstimate m = arch::estimate_training_memory(in.config, shape);
  const uint64_t parameters = arch::parameter_count(in.config);
  const int64_t per_step = o.batch_size * o.accumulation * o.seq_len, tokens = per_step * o.steps;
  const uint64_t samples = in.samples(o.seq_len);
  const double epochs = static_cast<double>(o.steps) * static_cast<double>(o.batch_size * o.accumulation) /
                        static_cast<double>(samples);
  const double flops = training_flops(o, in.config);

  Plan plan;
  plan.json = {{"parameters", parameters},
               {"steps", o.steps},
               {"tokens_per_step", per_step},
               {"tokens", tokens},
               {"data_tokens", in.data.tokens()},
               {"samples", samples},
               {"packed", in.plan.has_value()},
               {"epochs", epochs},
               {"flops", flops},
               {"device", device},
               {"memory",
                {{"weights", m.weights},
                 {"master", m.master},
                 {"gradients", m.gradients},
                 {"moments", m.moments},
                 {"activations", m.activations},
                 {"logits", m.logits},
                 {"total", m.total()}}}};
  std::string& t = plan.text;
  t += fmt::format("model      {}, {:.2f} M parameters\n", in.config.model_type,
                   static_cast<double>(parameters) / 1e6);
  t += fmt::format("weights    {}\n", in.model.has_weights() ? "from " + in.model.folder : "random, by seed");
  t += fmt::format("data       {} tokens in {} documents\n", in.data.tokens(), in.data.documents());
  t += fmt::format("batches    {} {} of {} tokens an epoch\n", samples, in.plan ? "packed rows" : "windows",
                   o.seq_len);
  t += fmt::format("run        {} steps of {} tokens = {} tokens, {:.2f} epochs, {:.3g} FLOP\n", o.steps,
                   per_step, tokens, epochs, flops);
  t += fmt::format(
      "memory     {}: weights {}, masters {}, gradients {}, moments {}, activations {}, logits {}\n",
      megabytes(m.total()), megabytes(m.weights), megabytes(m.master), megabytes(m.gradients),
      megabytes(m.moments), megabytes(m.activations), megabytes(m.logits));
  if (flops_per_second > 0) {
    const double seconds = flops / flops_per_second;
    plan.json["seconds"] = seconds;
    t += fmt::format("time       about {} on {}\n", duration(seconds), device);
  }
  return plan;
}

}  // namespace ds::train
