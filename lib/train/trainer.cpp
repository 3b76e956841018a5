#include "train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <optional>

#include "arch/arch.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/io.h"
#include "data/packed_loader.h"
#include "formats/metrics.h"
#include "nn/device.h"
#include "nn/torch_pch.h"
#include "train/checkpoint.h"
#include "train/objective.h"
#include "train/optimizer.h"
#include "train/plan.h"
#include "train/run_folder.h"
#include "train/schedule.h"

namespace ds::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// What one step found out.
struct Step {
  double loss = 0, lr = 0, norm = 0;
  bool skipped = false;
  std::optional<double> validation;
};

struct Session {
  const TrainOptions& o;
  Inputs& in;
  nn::ParameterStore& store;
  models::Model& model;
  at::ScalarType save_dtype;
  formats::TrainState state;
  int64_t updates = 0, skipped = 0, skipped_in_row = 0;
  int64_t session_tokens = 0;  // since this process began

  void to_state() {
    state.extra = {{"updates", updates}, {"skipped", skipped}, {"skipped_in_row", skipped_in_row}};
  }
  void from_state() {
    updates = state.extra.value("updates", state.step);
    skipped = state.extra.value("skipped", int64_t{0});
    skipped_in_row = state.extra.value("skipped_in_row", int64_t{0});
  }
};

// Floating-point operations a second that a training step may reach: the device's speed at one large product,
// times the part of it that whole steps reach. An estimate; small models are slower.
double measured_flops(at::Device device, at::ScalarType type) {
  at::NoGradGuard no_grad;
  constexpr int64_t kSide = 1024;
  const at::Tensor x = at::ones({kSide, kSide}, at::TensorOptions().device(device).dtype(type));
  at::linear(x, x).sum().item<float>();  // the first call prepares what later ones use
  const auto start = Clock::now();
  double done = 0;
  at::Tensor y;
  do {
    y = at::linear(x, x);
    done += 2.0 * kSide * kSide * kSide;
  } while (seconds_since(start) < 0.1);
  y.sum().item<float>();
  return 0.3 * done / seconds_since(start);
}

bool improved(const Session& s, double loss) {
  return !s.state.best_loss || loss < *s.state.best_loss - s.o.min_delta;
}

// Fills a batch with samples first … first + count - 1.
using Load = std::function<void(uint64_t first, int64_t count, data::Batch&)>;

Step one_step(Session& s, const Load& load, std::vector<data::Batch>& batches) {
  const TrainOptions& o = s.o;
  Step result;
  int64_t valid = 0;
  for (data::Batch& batch : batches) {
    load(s.state.position, o.batch_size, batch);
    s.state.position += static_cast<uint64_t>(o.batch_size);
    s.state.tokens += o.batch_size * o.seq_len;
    s.session_tokens += o.batch_size * o.seq_len;
    valid += batch.valid_targets;
  }
  s.state.step += 1;
  s.store.zero_gradients();
  result.loss = accumulate_gradients(s.model, batches, valid);
  result.norm = gradient_norm(s.store);
  result.lr = learning_rate(o, s.state.step);
  result.skipped = !std::isfinite(result.loss) || !std::isfinite(result.norm);
  if (result.skipped) {
    ++s.skipped;
    ++s.skipped_in_row;
    return result;
  }
  s.skipped_in_row = 0;
  ++s.updates;
  const double scale = o.clip > 0 && result.norm > o.clip ? o.clip / result.norm : 1.0;
  adamw_update(s.store, o, s.updates, result.lr, scale);
  return result;
}

double validate(Session& s) {
  const TrainOptions& o = s.o;
  data::EvalOptions e;
  e.mode = data::EvalMode::stream;
  e.seq_len = o.seq_len;
  e.batch_size = o.batch_size;
  e.vocab_size = s.in.config.vocab_size;
  e.document_mask = o.document_mask;
  e.max_tokens = static_cast<uint64_t>(o.eval_windows) * static_cast<uint64_t>(o.seq_len);
  const double loss = validation_loss(s.model, *s.in.validation, e).loss;
  if (improved(s, loss)) {
    s.state.best_loss = loss;
    s.state.best_step = s.state.step;
    s.state.bad_evals = 0;
  } else {
    ++s.state.bad_evals;
  }
  return loss;
}

// Saves, publishes and prunes. With early stopping the root shows the best checkpoint, else the last.
void save(Session& s) {
  s.to_state();
  save_checkpoint(s.o.output, s.in, s.state, s.store, s.save_dtype);
  const bool best = s.o.patience > 0 && s.state.best_loss;
  publish(s.o.output, best ? s.state.best_step : s.state.step);
  prune(s.o.output, s.o.keep_last, best ? s.state.best_step : s.state.step);
}

class Recorder {
 public:
  Recorder(const TrainOptions& o, int64_t last_step) : log_(join_path(o.output, "metrics.jsonl"), last_step) {
    for (const auto& line : formats::read_metrics(log_.path())) before_ = line.value("seconds", before_);
    if (!o.tensorboard) return;
    const std::string folder = join_path(o.output, "tensorboard");
    make_folder(folder);
    events_.emplace(folder, wall_time(), last_step > 0 ? last_step : -1);
  }

  void write(const Session& s, const Step& step) {
    const double elapsed = seconds_since(start_);
    const double rate =
        static_cast<double>(s.session_tokens - last_tokens_) / std::max(1e-9, elapsed - last_elapsed_);
    last_tokens_ = s.session_tokens;
    last_elapsed_ = elapsed;
    nlohmann::json line = {
        {"step", s.state.step},     {"loss", step.loss},        {"lr", step.lr},
        {"grad_norm", step.norm},   {"tokens", s.state.tokens}, {"seconds", before_ + elapsed},
        {"tokens_per_second", rate}};
    if (step.validation) line["val_loss"] = *step.validation;
    if (s.skipped > 0) line["skipped"] = s.skipped;
    log_.append(line);
    if (!events_) return;
    std::vector<std::pair<std::string, float>> values = {
        {"train/loss", static_cast<float>(step.loss)},
        {"train/lr", static_cast<float>(step.lr)},
        {"train/grad_norm", static_cast<float>(step.norm)},
        {"train/tokens_per_second", static_cast<float>(rate)}};
    if (step.validation) values.emplace_back("val/loss", static_cast<float>(*step.validation));
    events_->scalars(s.state.step, wall_time(), values);
  }

  double elapsed() const { return seconds_since(start_); }

 private:
  formats::MetricsLog log_;
  std::optional<formats::EventWriter> events_;
  Clock::time_point start_ = Clock::now();
  double before_ = 0,
         last_elapsed_ = 0;  // training seconds of earlier sessions; of this one at the last line
  int64_t last_tokens_ = 0;
};

enum class Ending { complete, early, stopped, not_finite };

Load loader(const Inputs& in, const data::WindowOptions& w) {
  const auto load_with = [](auto source) -> Load {
    return [source](uint64_t first, int64_t count, data::Batch& out) { source.load(first, count, out); };
  };
  if (in.plan) return load_with(data::PackedLoader(in.data, *in.plan, w));
  return load_with(data::WindowLoader(in.data, w));
}

// The step loop. Returns why it ended; whatever it says, what was reached is saved (but for not_finite).
Ending loop(Session& s, Run& run, Recorder& recorder, std::optional<Step>& last) {
  const TrainOptions& o = s.o;
  data::WindowOptions w;
  w.seq_len = o.seq_len;
  w.vocab_size = s.in.config.vocab_size;
  w.seed = static_cast<uint64_t>(s.state.seed);
  w.shuffle = o.shuffle;
  w.document_mask = o.document_mask;
  const Load load = loader(s.in, w);
  std::vector<data::Batch> batches(static_cast<size_t>(o.accumulation));
  const auto patient = [&] { return o.patience == 0 || s.state.bad_evals < o.patience; };

  int64_t saved = s.state.step;
  while (s.state.step < o.steps && patient()) {
    Step step = one_step(s, load, batches);
    const int64_t n = s.state.step;
    const bool final = n == o.steps;
    bool best = false;
    if (step.skipped) {
      run.log.warn(fmt::format("step {}: loss {} and gradient norm {} are not finite: update skipped", n,
                               step.loss, step.norm));
      if (s.skipped_in_row >= o.max_skips) {
        recorder.write(s, step);
        return Ending::not_finite;
      }
    }
    if (s.in.validation && (final || (o.eval_every > 0 && n % o.eval_every == 0))) {
      step.validation = validate(s);
      best = o.patience > 0 && s.state.best_step == n;
      run.log.info(fmt::format("step {}: validation loss {:.4f}", n, *step.validation));
    }
    if (n == 1 || final || n % o.log_every == 0 || step.validation) recorder.write(s, step);
    run.progress.update(static_cast<uint64_t>(n), fmt::format("loss {:.3f}", step.loss));
    last = step;
    const bool stop =
        run.stop.requested() || (o.max_time > 0 && recorder.elapsed() >= static_cast<double>(o.max_time));
    const bool ends = final || stop || !patient();
    if (ends || best || (o.save_every > 0 && n % o.save_every == 0)) {
      save(s);
      saved = n;
    }
    if (stop && !final && patient()) return Ending::stopped;
  }
  if (saved != s.state.step) save(s);
  return s.state.step < o.steps ? Ending::early : Ending::complete;
}

nlohmann::json facts_of(const Session& s) {
  nlohmann::json facts = {{"steps", s.state.step},
                          {"tokens", s.state.tokens},
                          {"parameters", arch::parameter_count(s.in.config)},
                          {"dtype", s.save_dtype == at::kBFloat16 ? "bfloat16" : "float32"}};
  if (s.state.best_loss) {
    facts["best_loss"] = *s.state.best_loss;
    facts["best_step"] = s.state.best_step;
  }
  return facts;
}

TrainResult report(const Session& s, Ending ending, const std::optional<Step>& last, double seconds) {
  TrainResult r;
  r.json = facts_of(s);
  r.json["output"] = s.o.output;
  r.json["seconds"] = seconds;
  r.json["tokens_per_second"] = static_cast<double>(s.session_tokens) / std::max(1e-9, seconds);
  r.json["skipped"] = s.skipped;
  if (last) r.json["loss"] = last->loss;
  if (last && last->validation) r.json["val_loss"] = *last->validation;
  const std::string numbers =
      last ? fmt::format(", loss {:.4f}{}, {:.0f} tokens/s", last->loss,
                         last->validation ? fmt::format(", validation {:.4f}", *last->validation) : "",
                         r.json["tokens_per_second"].get<double>())
           : "";
  const auto say = [&](const char* ending_name, int status, const std::string& text) {
    r.json["ended"] = ending_name;
    r.status = status;
    r.human = text;
  };
  const int64_t n = s.state.step;
  switch (ending) {
    case Ending::complete:
      say("complete", kExitOk, fmt::format("{}: trained {} steps{}", s.o.output, n, numbers));
      break;
    case Ending::early:
      say("early", kExitOk,
          fmt::format("{}: stopped early after {} steps, best validation loss {:.4f} at step {}", s.o.output,
                      n, s.state.best_loss.value_or(0), s.state.best_step));
      break;
    case Ending::stopped:
      say("stopped", kExitStopped,
          fmt::format("{}: stopped and saved after step {} of {}{}; the same command goes on", s.o.output, n,
                      s.o.steps, numbers));
      break;
    case Ending::not_finite:
      say("not finite", kExitNo,
          fmt::format("{}: gave up at step {}: {} updates in a row were not finite; try a lower --lr",
                      s.o.output, n, s.skipped_in_row));
      break;
  }
  return r;
}

// Weights and position to start from: the newest sound checkpoint, else the model folder, else the seed.
void restore(Session& s, Start start, int64_t seed, Run& run) {
  std::vector<int64_t> steps = start == Start::resume ? checkpoint_steps(s.o.output) : std::vector<int64_t>{};
  if (s.in.model.has_weights() && steps.empty()) {
    s.store.load(s.in.model);
  } else {
    s.store.init_random(static_cast<uint64_t>(seed));
  }
  for (; !steps.empty(); steps.pop_back()) {
    try {
      s.state = load_checkpoint(s.o.output, steps.back(), s.store);
      break;
    } catch (const Error& e) {
      if (steps.size() == 1) throw;
      run.log.warn(e.what(), "going on from the checkpoint before");
    }
  }
  s.from_state();
  s.state.seed = seed;
  s.state.fingerprint = s.in.fingerprint;
  if (steps.empty()) return;
  const int threads = s.state.options.value("threads", run.threads);
  if (threads != run.threads && s.store.options().device.is_cpu()) {
    run.log.warn(fmt::format("resuming with {} threads what began with {}: rounding may differ", run.threads,
                             threads));
  }
  run.log.info(fmt::format("resuming at step {} of {}", s.state.step, s.o.steps));
}

}  // namespace

TrainResult train(const TrainRequest& request, Run& run) {
  const TrainOptions& o = request.options;
  at::set_num_threads(run.threads);
  check_output(o.output, OutputKind::folder);
  refuse_output_is_input(o.output, input_paths(o));
  const at::Device device = nn::open_device(request.device);
  const at::ScalarType compute = nn::open_precision(o.precision, device);
  const at::ScalarType save_dtype =
      o.save_dtype == "auto" ? compute : nn::open_precision(o.save_dtype, device);
  Inputs in = open_inputs(o, request.manifest_options, request.seed);
  learning_rate(o, o.steps);  // an unknown schedule is told now

  if (request.dry_run) {
    const Plan plan = make_plan(o, in, device.str(), measured_flops(device, compute));
    decide_start(o.output, in.fingerprint, {request.resume, request.force});
    return {kExitOk, plan.text, plan.json};
  }
  const OutputLock lock(o.output);
  if (!request.force && request.resume != "never" && formats::up_to_date(o.output, in.planned)) {
    return {kExitOk, o.output + ": is up to date", {{"output", o.output}, {"ended", "up to date"}}};
  }
  const Start start = decide_start(o.output, in.fingerprint, {request.resume, request.force});
  if (!request.depfile.empty())
    formats::write_depfile(request.depfile, join_path(o.output, "manifest.json"), input_paths(o));

  nn::ParameterStore store(in.config, {.device = device, .compute = compute, .training = true});
  const uint64_t disk =
      checkpoint_bytes(store, save_dtype) * static_cast<uint64_t>(std::max<int64_t>(1, o.keep_last) + 1);
  if (const uint64_t free = free_space(o.output); free < disk) {
    throw io_error(
        fmt::format("{}: {} MB free, the checkpoints need {} MB", o.output, free >> 20, disk >> 20),
        "free space, or lower --keep-last");
  }
  const auto model = models::make_model(in.config, store, o.seq_len);
  Session session{o, in, store, *model, save_dtype, {}};
  if (start == Start::fresh) begin_fresh(o.output, in.fingerprint, request.manifest_options, request.seed);
  restore(session, start, request.seed, run);
  session.state.options = request.manifest_options;
  session.state.options["threads"] = run.threads;

  Recorder recorder(o, session.state.step);
  run.progress.start("train", "steps", static_cast<uint64_t>(o.steps));
  std::optional<Step> last;
  const Ending ending = loop(session, run, recorder, last);
  run.progress.finish();
  if (ending == Ending::complete || ending == Ending::early) {
    const bool best = o.patience > 0 && session.state.best_loss;
    finish(o.output, best ? session.state.best_step : session.state.step, in.planned, facts_of(session));
  }
  return report(session, ending, last, recorder.elapsed());
}

}  // namespace ds::train
