// The toy tool of toy.h. Its --fail option makes it end in each of the ways a tool can.
#include "toy.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/io.h"
#include "catch.h"
#include "cli/tool.h"

namespace ds_test {
namespace {

struct Options {
  int64_t steps = 100, rank = -1;
  double lr = 3e-4;
  uint64_t memory = 512 << 20;
  std::string output, mode = "fast", fail = "";
  std::vector<std::string> tags, inputs;
  bool shuffle = true, fold = false;
};

std::function<int(ds::cli::Context&)> declare(ds::cli::OptionTable& t) {
  auto o = std::make_shared<Options>();
  t.group("Training");
  t.add("-s,--steps", o->steps, "N", "optimizer steps").range(1, 1e9);
  t.add("--rank", o->rank, "N", "any whole number");
  t.add("--lr", o->lr, "RATE", "peak learning rate, 'quoted' and back\\slashed").range(0, 1);
  t.add("--memory", o->memory, "SIZE", "memory to use").bytes().range(1024, 1e15);
  t.group("Output");
  t.add("-o,--output", o->output, "FILE", "output file").required().not_in_manifest();
  t.add("--mode", o->mode, "MODE", ".how to work").choices({"fast", "slow"});
  t.add("--tag", o->tags, "TAG", "labels");
  t.flag("--shuffle", o->shuffle, "shuffle the input");
  t.flag("--fold", o->fold, "fold it");
  t.add("--fail", o->fail, "HOW", "way to end").not_in_manifest();
  t.positional("INPUT", o->inputs, "input files").required();
  t.check([o] {
    if (o->fold && o->mode == "slow")
      throw ds::usage_error("--fold: not with --mode slow", "use --mode fast");
  });
  return [o, &t](ds::cli::Context& c) -> int {
    c.run.log.info("working");
    c.run.log.verbose("verbose line");
    c.run.log.debug("debug line");
    c.run.progress.start("stage", "B", 10);
    c.run.progress.update(5, "note");
    c.run.progress.finish();
    if (o->fail == "data") throw ds::data_error("a.bin: truncated at byte 1", "make it again");
    if (o->fail == "pipe") throw ds::BrokenPipe{};
    if (o->fail == "memory") throw std::bad_alloc();
    if (o->fail == "foreign") throw std::runtime_error("first line\nsecond line");
    if (o->fail == "internal") throw ds::internal_error("impossible");
    if (o->fail == "no") return ds::kExitNo;
    if (o->fail == "early") return ds::kExitStopped;
    if (o->fail == "int" || o->fail == "term" || o->fail == "usr1" || o->fail == "finish") {
      raise(o->fail == "int" ? SIGINT : o->fail == "usr1" ? SIGUSR1 : SIGTERM);
      return c.run.stop.requested() && o->fail != "finish" ? ds::kExitStopped : ds::kExitOk;
    }
    nlohmann::json all = ds::cli::values(t, false);
    all["inputs"] = o->inputs;
    all["manifest"] = ds::cli::values(t, true);
    all["run_threads"] = c.run.threads;
    all["command"] = c.command;
    c.report("done", all);
    return 0;
  };
}

const char* const kExamples =
    "# works on a file\n$ ds-toy work -o out in.txt\n\n# the other way\n$ ds-toy other -o - in.txt\n";

const ds::cli::Tool& two_commands() {
  static const ds::cli::Tool tool{
      "ds-toy",
      "a toy for tests",
      kExamples,
      {{"work", "works", 255u, declare}, {"other", "works otherwise", ds::cli::kJson, declare}}};
  return tool;
}

const ds::cli::Tool& one_command() {
  static const ds::cli::Tool tool{
      "ds-one", "a toy of one command", "$ ds-one -o out in.txt\n", {{"", "", 255u, declare}}};
  return tool;
}

[[noreturn]] void child(const ds::cli::Tool& tool, const std::vector<std::string>& arguments,
                        const Setting& s, int out, int err) {
  std::vector<std::string> gone;
  for (char** e = environ; *e; ++e) {
    const std::string entry = *e;
    if (entry.rfind("DS_", 0) == 0) gone.push_back(entry.substr(0, entry.find('=')));
  }
  for (const std::string& name : gone) unsetenv(name.c_str());
  for (const auto& [name, value] : s.environment) setenv(name.c_str(), value.c_str(), 1);
  if (!s.stdout_path.empty()) out = ::open(s.stdout_path.c_str(), O_WRONLY);
  dup2(out, 1);
  dup2(err, 2);
  if (s.close_stdout) ::close(1);
  std::vector<std::string> all{tool.name};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& a : all) argv.push_back(a.data());
  argv.push_back(nullptr);
  _exit(ds::cli::tool_main(tool, static_cast<int>(all.size()), argv.data()));
}

Outcome run(const ds::cli::Tool& tool, const std::vector<std::string>& arguments, const Setting& setting) {
  int out[2], err[2];
  if (pipe(out) != 0 || pipe(err) != 0) throw std::runtime_error("pipe");
  std::fflush(nullptr);  // what Catch has buffered is not the child's to write
  const pid_t pid = fork();
  if (pid == 0) {
    ::close(out[0]);
    ::close(err[0]);
    // Catch's own signal handlers and buffers are not the child's.
    for (const int n : {SIGINT, SIGTERM, SIGUSR1, SIGABRT, SIGSEGV}) signal(n, SIG_DFL);
    child(tool, arguments, setting, out[1], err[1]);
  }
  ::close(out[1]);
  ::close(err[1]);
  Outcome result;
  pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  for (int open = 2; open > 0;) {
    poll(fds, 2, -1);
    for (pollfd& p : fds) {
      if (p.fd < 0 || p.revents == 0) continue;
      char buffer[65536];
      const ssize_t n = ::read(p.fd, buffer, sizeof buffer);
      if (n > 0) {
        (p.fd == out[0] ? result.out : result.err).append(buffer, static_cast<size_t>(n));
      } else {
        ::close(p.fd);
        p.fd = -1;
        --open;
      }
    }
  }
  int status = 0;
  waitpid(pid, &status, 0);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace

Outcome toy(const std::vector<std::string>& a, const Setting& s) { return run(two_commands(), a, s); }
Outcome single(const std::vector<std::string>& a, const Setting& s) { return run(one_command(), a, s); }

std::string scratch_folder() {
  const char* base = std::getenv("TMPDIR");
  std::string path = std::string(base && *base ? base : "/tmp") + "/ds-cli-XXXXXX";
  if (!mkdtemp(path.data())) throw std::runtime_error("mkdtemp");
  return path;
}

std::string put(const std::string& folder, const std::string& name, const std::string& text) {
  const std::string path = ds::join_path(folder, name);
  ds::Fd fd = ds::open_create(path);
  ds::write_all(fd.get(), text, path);
  fd.close(path);
  return path;
}

}  // namespace ds_test
