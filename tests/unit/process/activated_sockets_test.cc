#include "process/activated_sockets.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "child.h"
#include "process/listeners.h"
#include "sys/socket.h"
#include "temp_dir.h"

namespace sys = oklo::sys;
using oklo::ActivatedSockets;
using oklo::ListenAddress;
using oklo::Listeners;

namespace {

constexpr sys::ListenOptions kStream = {};
constexpr sys::ListenOptions kDatagram = {.datagram = true};

// What a service manager has opened: fds 3 and up, blocking and for all that is executed.
struct Passed {
  Passed() = default;
  Passed(const Passed&) = delete;
  ~Passed() {
    for (int fd : fds) close(fd);
  }
  std::vector<int> fds;
  std::string names;

  void add(int fd, const std::string& name) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    names += (fds.empty() ? "" : ":") + name;
    fds.push_back(fd);
  }
  sys::Address listen(const std::string& text, const std::string& name, bool datagram = false) {
    sys::Fd fd = sys::listen_on(*sys::Address::parse(text), {.datagram = datagram}).value();
    sys::Address address = *sys::local_address(fd.get());
    add(fd.release(), name);
    return address;
  }
};

// Runs `body` in a process that was started with them: how many of its checks failed.
int started_with(const Passed& passed, std::function<int()> body) {
  return in_child([&] {
    int count = static_cast<int>(passed.fds.size());
    std::vector<int> high;
    for (int fd : passed.fds) high.push_back(fcntl(fd, F_DUPFD, 200));
    for (int fd = 3; fd < 200; fd++) close(fd);
    for (int i = 0; i < count; i++) dup2(high[static_cast<size_t>(i)], 3 + i);
    for (int fd : high) close(fd);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
    setenv("LISTEN_FDNAMES", passed.names.c_str(), 1);
    return body();
  });
}

// Counts what is not so, since doctest's own checks are of the parent.
struct Checks {
  int failed = 0;
  void operator()(bool ok, unsigned line = __builtin_LINE()) {
    if (ok) return;
    failed++;
    fprintf(stderr, "not so: line %u\n", line);
  }
};

std::string error_of(const oklo::Result<sys::Fd>& result) { return result.ok() ? "" : result.error().text; }

}  // namespace

TEST_CASE("process/activated_sockets: a socket is taken by its address, once, and is as one of ours") {
  Passed passed;
  std::string tcp = passed.listen("127.0.0.1:0", "web").to_string();
  std::string udp = passed.listen("127.0.0.1:0", "dns", true).to_string();
  CHECK(started_with(passed, [&] {
    Checks check;
    ActivatedSockets sockets = ActivatedSockets::of_environment();
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) check(!getenv(name));
    check(sockets.unused().size() == 2);
    check(sockets.unused()[0] == "fd:3 (web, " + tcp + ")");
    check(sockets.unused()[1] == "fd:4 (dns, datagrams at " + udp + ")");
    auto fd = sockets.take(tcp, {.nodelay = true, .keepalive_s = 70});
    check(fd.ok() && *fd && fd->get() > 4);
    check((fcntl(fd->get(), F_GETFL) & O_NONBLOCK) != 0);
    check((fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
    check((fcntl(3, F_GETFD) & FD_CLOEXEC) != 0);
    int idle = 0;
    socklen_t length = sizeof idle;
    getsockopt(fd->get(), IPPROTO_TCP, TCP_KEEPIDLE, &idle, &length);
    check(idle == 70);
    check(sockets.unused().size() == 1);
    check(sockets.take(tcp, kStream).ok() && !*sockets.take(tcp, kStream));
    check(!*sockets.take(udp, kStream));
    check(sockets.take(udp, kDatagram)->get() > 0);
    check(!*sockets.take("127.0.0.1:0", kStream));
    check(!*sockets.take("no address", kStream));
    check(sockets.unused().empty());
    return check.failed;
  }) == 0);
}

TEST_CASE("process/activated_sockets: by name and by number, and several with one name in their order") {
  Passed passed;
  passed.listen("127.0.0.1:0", "all");
  passed.listen("127.0.0.1:0", "all", true);
  passed.listen("127.0.0.1:0", "all");
  passed.listen("127.0.0.1:0", "7");
  CHECK(started_with(passed, [&] {
    Checks check;
    ActivatedSockets sockets = ActivatedSockets::of_environment();
    auto first = sockets.take("fd:all", kStream);
    auto second = sockets.take("fd:all", kStream);
    auto datagrams = sockets.take("fd:all", kDatagram);
    check(first.ok() && second.ok() && datagrams.ok());
    check(*sys::local_address(first->get()) == *sys::local_address(3));
    check(*sys::local_address(second->get()) == *sys::local_address(5));
    check(*sys::local_address(datagrams->get()) == *sys::local_address(4));
    check(error_of(sockets.take("fd:all", kStream)).ends_with("has a listener already"));
    check(sockets.take("fd:6", kStream).ok());
    check(error_of(sockets.take("fd:6", kStream)).ends_with("has a listener already"));
    check(error_of(sockets.take("fd:7", kStream)).starts_with("no socket fd:7 was passed"));
    return check.failed;
  }) == 0);
}

TEST_CASE("process/activated_sockets: what is no listener, or of the wrong type, is a clear error") {
  Passed passed;
  int ends[2], pipes[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  REQUIRE(pipe(pipes) == 0);
  sys::Fd other_end(ends[1]), writing_end(pipes[1]);
  passed.add(ends[0], "connection");
  passed.add(pipes[0], "pipe");
  passed.add(socket(AF_UNIX, SOCK_SEQPACKET, 0), "packets");
  passed.listen("127.0.0.1:0", "web");
  CHECK(started_with(passed, [&] {
    Checks check;
    ActivatedSockets sockets = ActivatedSockets::of_environment();
    check(error_of(sockets.take("fd:connection", kStream)).starts_with("fd 3 does not listen"));
    check(error_of(sockets.take("fd:pipe", kStream)) == "fd 4 is no socket");
    check(error_of(sockets.take("fd:5", kStream)) == "fd 5 is neither for streams nor for datagrams");
    check(error_of(sockets.take("fd:web", kDatagram)).ends_with("wrong type: datagrams are wanted"));
    std::string error = error_of(sockets.take("fd:wbe", kStream));
    check(error.starts_with("no socket fd:wbe was passed to this process; there are fd:3 (connection, "));
    check(error.find("fd:6 (web, 127.0.0.1:") != error.npos);
    check(sockets.unused().size() == 4);
    return check.failed;
  }) == 0);
}

TEST_CASE("process/activated_sockets: what is meant for another process, or is not there, is not taken") {
  Passed passed;
  std::string tcp = passed.listen("127.0.0.1:0", "web").to_string();
  CHECK(started_with(passed, [&] {
    Checks check;
    setenv("LISTEN_PID", "1", 1);
    ActivatedSockets others = ActivatedSockets::of_environment();
    check(!getenv("LISTEN_PID"));
    check(others.unused().empty());
    check(error_of(others.take("fd:web", kStream)).starts_with("no socket fd:web was passed"));
    for (const char* count : {"", "-1", "x", "99999999999999999999"}) {
      setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
      setenv("LISTEN_FDS", count, 1);
      check(ActivatedSockets::of_environment().unused().empty());
    }
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    setenv("LISTEN_FDS", "2", 1);
    ActivatedSockets sockets = ActivatedSockets::of_environment();
    check(sockets.take(tcp, kStream)->get() > 0);
    check(error_of(sockets.take("fd:4", kStream)) == "fd 4 is not open");
    return check.failed;
  }) == 0);
}

TEST_CASE("process/activated_sockets: a listener takes one for all slots, and leaves its path there") {
  Passed passed;
  TempDir temp;
  std::string tcp = passed.listen("127.0.0.1:0", "web").to_string();
  passed.listen("unix:" + (temp / "s"), "local");
  CHECK(started_with(passed, [&] {
    Checks check;
    ActivatedSockets sockets = ActivatedSockets::of_environment();
    auto listeners = Listeners::open({{tcp}, {"fd:local"}, {"127.0.0.1:0"}}, 3, &sockets);
    check(listeners.ok());
    if (!listeners) return 1;
    check(listeners->numbers()[0].size() == 1);
    check(listeners->numbers()[1].size() == 1);
    check(listeners->numbers()[2].size() == 3);
    check(listeners->addresses()[0].to_string() == tcp);
    check(listeners->addresses()[1].to_string() == "unix:" + (temp / "s"));
    sys::Fd client = sys::connect_to(listeners->addresses()[0]).value();
    check(listeners->queue_length(0) == 0);
    listeners->close();
    check(access((temp / "s").c_str(), F_OK) == 0);
    auto others = Listeners::open({{"fd:web"}}, 1, &sockets);
    check(others.ok() && others->addresses()[0].to_string() == tcp);
    check(sockets.unused().size() == 1);
    check(!Listeners::open({{"fd:web"}, {"fd:3"}}, 1, &sockets).ok());
    check(sys::connect_to(*sys::Address::parse(tcp)).ok());
    return check.failed;
  }) == 0);
}
