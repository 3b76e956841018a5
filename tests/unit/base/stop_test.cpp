#include "base/stop.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/build_info.h"
#include "catch.h"

using namespace ds;

namespace {

// What becomes of a child that gets `signals`, each after a pause; it waits for its token and exits with the
// signal.
int child_status(std::initializer_list<int> signals, useconds_t pause, bool heeds) {
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const StopToken token = install_stop_signals();
    if (write(ready[1], "r", 1) != 1) _exit(9);
    while (!token.requested() || !heeds) usleep(1000);
    _exit(token.signal());
  }
  char r;
  REQUIRE(read(ready[0], &r, 1) == 1);
  close(ready[0]);
  close(ready[1]);
  for (const int s : signals) {
    kill(child, s);
    usleep(pause);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("the first signal sets the token") {
  CHECK(!StopToken().requested());
  for (const int s : {SIGINT, SIGTERM, SIGUSR1}) {
    const int status = child_status({s}, 0, true);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == s);
  }
}

TEST_CASE("the second one ends the process; a repeat within a moment is the same request") {
  const int status = child_status({SIGTERM, SIGTERM, SIGTERM}, 200000, false);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  const int twice = child_status({SIGINT, SIGINT}, 100, true);
  CHECK(WIFEXITED(twice));
}

TEST_CASE("the build knows itself") {
  CHECK(build_info().version.find('.') != std::string::npos);
  CHECK(!build_info().compiler.empty());
}
