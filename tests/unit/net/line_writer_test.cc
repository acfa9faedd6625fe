#include "net/line_writer.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "local_receiver.h"
#include "sys/fd.h"
#include "sys/local_datagram.h"
#include "temp_dir.h"

using oklo::LineWriter;
using oklo::Reactor;

namespace {

struct Pipe {
  oklo::sys::Fd in, out;
  Pipe() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    in.reset(ends[0]);
    out.reset(ends[1]);
    fcntl(in.get(), F_SETFL, O_NONBLOCK);
  }
  std::string take() const {
    std::string all(1 << 20, '\0');
    ssize_t n = read(in.get(), all.data(), all.size());
    all.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return all;
  }
};

}  // namespace

TEST_CASE("net/line_writer: gathers lines and writes them when the timer comes") {
  Pipe pipe;
  auto reactor = Reactor::create(64).value();
  oklo::Counter dropped;
  LineWriter writer(*reactor, pipe.out.get(), dropped);
  writer.append("a\n");
  writer.append("b\n");
  CHECK(pipe.take().empty());
  reactor->timers().advance(reactor->clock().now_ms + 1000);
  CHECK(pipe.take() == "a\nb\n");
}

TEST_CASE("net/line_writer: writes at once when much has gathered, and when told to") {
  Pipe pipe;
  auto reactor = Reactor::create(64).value();
  oklo::Counter dropped;
  LineWriter writer(*reactor, pipe.out.get(), dropped);
  std::string line(1023, 'x');
  line += '\n';
  for (int i = 0; i < 32; i++) writer.append(line);
  CHECK(pipe.take().size() == 32 * 1024);
  writer.append("tail\n");
  writer.flush();
  CHECK(pipe.take() == "tail\n");
}

TEST_CASE("net/line_writer: keeps what is not taken up to its bound, drops whole lines beyond") {
  Pipe pipe, second;
  auto reactor = Reactor::create(64).value();
  oklo::Counter dropped;
  LineWriter writer(*reactor, pipe.out.get(), dropped);
  std::string line(999, 'x');
  line += '\n';
  for (int i = 0; i < 1000; i++) writer.append(line);
  CHECK(dropped.value() > 0);
  CHECK(dropped.value() < 1000);
  std::string text;
  for (std::string part = pipe.take(); !part.empty(); part = pipe.take()) {
    text += part;
    writer.flush();
  }
  CHECK(text.size() == (1000 - dropped.value()) * line.size());
  writer.set_sink(second.out.get());
  writer.append("other\n");
  writer.flush();
  CHECK(second.take() == "other\n");
}

TEST_CASE("net/line_writer: a syslog daemon whose queue is short gets every line, soon") {
  TempDir temp;
  LocalReceiver daemon(temp / "log");
  oklo::sys::Fd fd = oklo::sys::open_local_datagrams().value();
  REQUIRE(oklo::sys::connect_local(fd.get(), temp / "log") == 0);
  auto reactor = Reactor::create(64).value();
  oklo::Counter dropped;
  LineWriter writer(*reactor, {fd.get(), 30}, dropped);
  for (int i = 0; i < 2000; i++) writer.append("line " + std::to_string(i) + "\n");
  writer.flush();
  for (int i = 0; i < 2000;) {
    std::string heard = daemon.heard();
    if (heard.empty()) reactor->run_once();
    else CHECK(heard.ends_with("]: line " + std::to_string(i++)));
  }
  CHECK(daemon.heard() == "");
  CHECK(dropped.value() == 0);
}
