#include "net/log_sink.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "local_receiver.h"
#include "sys/local_datagram.h"
#include "temp_dir.h"

using oklo::LogSink;
namespace sys = oklo::sys;

namespace {

struct Syslog {
  TempDir temp;
  LocalReceiver daemon{temp / "log"};
  sys::Fd fd = sys::open_local_datagrams().value();
  LogSink sink{fd.get(), 30};

  Syslog() { REQUIRE(sys::connect_local(fd.get(), temp / "log") == 0); }
  // The text of the next message.
  std::string heard() {
    std::string message = daemon.heard();
    size_t end = message.find("]: ");
    return end == message.npos ? message : message.substr(end + 3);
  }
};

}  // namespace

TEST_CASE("net/log_sink: nowhere, and a file") {
  CHECK_FALSE(LogSink());
  TempDir temp;
  sys::Fd file(open((temp / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  LogSink sink(file.get());
  CHECK(sink);
  CHECK(sink.write("a\nb\n") == 4);
}

TEST_CASE("net/log_sink: a syslog daemon gets a datagram for each line") {
  Syslog syslog;
  CHECK(syslog.sink.write("one\n\nthree\n") == 11);
  CHECK(syslog.heard() == "one");
  CHECK(syslog.heard() == "");
  CHECK(syslog.heard() == "three");
  CHECK(syslog.sink.write("without an end") == 14);
  CHECK(syslog.heard() == "without an end");
  CHECK(syslog.daemon.heard() == "");
}

TEST_CASE("net/log_sink: a daemon that has no room takes a part, then nothing, then the rest") {
  Syslog syslog;
  std::string lines;
  for (int i = 0; i < 5000; i++) lines += "line\n";
  long taken = syslog.sink.write(lines);
  REQUIRE(taken > 0);
  REQUIRE(taken < static_cast<long>(lines.size()));
  CHECK(taken % 5 == 0);
  CHECK(syslog.sink.write(lines) == 0);
  for (long i = 0; i < taken / 5; i++) CHECK(syslog.heard() == "line");
  CHECK(syslog.sink.write("rest\n") == 5);
  CHECK(syslog.heard() == "rest");
}

TEST_CASE("net/log_sink: a line that no datagram holds is lost, and keeps no other back") {
  Syslog syslog;
  std::string lines = "before\n" + std::string(4 << 20, 'x') + "\nafter\n";
  CHECK(syslog.sink.write(lines) == static_cast<long>(lines.size()));
  CHECK(syslog.heard() == "before");
  CHECK(syslog.heard() == "after");
}

TEST_CASE("net/log_sink: a daemon that is gone is an error, and nothing is taken") {
  sys::Fd fd = sys::open_local_datagrams().value();
  CHECK(LogSink(fd.get(), 30).write("line\n") == -ENOTCONN);
}
