#include "net/log.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <string>

#include "base/number.h"
#include "local_receiver.h"
#include "sys/fd.h"
#include "sys/local_datagram.h"
#include "temp_dir.h"

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

TEST_CASE("net/log: what is dropped is counted where it is told to, from then on") {
  Pipe pipe;
  oklo::Log log(pipe.out.get(), "master");
  std::string full(4000, 'x');
  for (int i = 0; i < 100; i++) log.line(full);
  oklo::Counter dropped;
  log.count_drops(dropped);
  for (int i = 0; i < 5; i++) log.line(full);
  CHECK(dropped.value() == 5);
  pipe.take();
  log.line("again");
  CHECK(pipe.take().find("(5 lines were dropped) again\n") != std::string::npos);
  CHECK(dropped.value() == 5);
}

TEST_CASE("net/log: a syslog daemon gets a datagram with the name, and no second time or pid") {
  TempDir temp;
  LocalReceiver daemon(temp / "log");
  oklo::sys::Fd fd = oklo::sys::open_local_datagrams().value();
  REQUIRE(oklo::sys::connect_local(fd.get(), temp / "log") == 0);
  oklo::Log log({fd.get(), 29}, "worker 2");
  log.line("text");
  std::string heard = daemon.heard();
  CHECK(heard.starts_with("<29>"));
  CHECK(heard.ends_with(" oklo[" + std::to_string(getpid()) + "]: worker 2: text"));
}
