#include "net/log.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <string>

#include "base/number.h"

namespace {

struct Pipe {
  oklo::sys::Fd in, out;
  Pipe() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    in.reset(ends[0]);
    out.reset(ends[1]);
  }
  std::string take() const {
    std::string all(1 << 20, '\0');
    all.resize(static_cast<size_t>(read(in.get(), all.data(), all.size())));
    return all;
  }
};

}  // namespace

TEST_CASE("net/log: a line has the time, the name and the pid") {
  Pipe pipe;
  oklo::Log log(pipe.out.get(), "master");
  log.line("a");
  log.set_name("worker 2");
  log.line("b");
  std::string text = pipe.take();
  std::string pid = oklo::decimal(static_cast<uint64_t>(getpid()));
  CHECK(text[4] == '-');
  CHECK(text[19] == 'Z');
  CHECK(text.substr(20, text.find('\n') - 20) == " master[" + pid + "]: a");
  CHECK(text.ends_with(" worker 2[" + pid + "]: b\n"));
}

TEST_CASE("net/log: never waits, and says how many lines were dropped") {
  Pipe pipe;
  oklo::Log log(pipe.out.get(), "master");
  std::string full(4000, 'x');
  for (int i = 0; i < 100; i++) log.line(full);
  size_t written = pipe.take().size();
  CHECK(written < 100 * full.size());
  log.line("again");
  CHECK(pipe.take().find(" lines were dropped) again\n") != std::string::npos);
  log.line("more");
  CHECK(pipe.take().find("dropped") == std::string::npos);
}
