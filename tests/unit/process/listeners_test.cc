#include "process/listeners.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "emulated.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "temp_dir.h"

namespace sys = oklo::sys;
using oklo::ListenAddress;
using oklo::Listeners;

namespace {

Listeners opened(const std::vector<ListenAddress>& wanted, uint32_t slots,
                 const Listeners* before = nullptr) {
  auto result = Listeners::open(wanted, slots, nullptr, before);
  REQUIRE_MESSAGE(result.ok(), result.error().text);
  return std::move(*result);
}

oklo::Error refused(const std::vector<ListenAddress>& wanted, uint32_t slots,
                    const Listeners* before = nullptr) {
  auto result = Listeners::open(wanted, slots, nullptr, before);
  REQUIRE(!result.ok());
  return result.error();
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  getsockopt(fd, level, name, &value, &length);
  return value;
}

bool there(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

TEST_CASE("process/listeners: each slot has a listener of its own at each address") {
  Listeners listeners = opened({{"127.0.0.1:0"}, {"127.0.0.1:0"}}, 4);
  std::vector<std::vector<int>> numbers = listeners.numbers();
  REQUIRE(listeners.addresses().size() == 2);
  REQUIRE(numbers.size() == 2);
  std::set<int> all;
  for (size_t i = 0; i < 2; i++) {
    REQUIRE(numbers[i].size() == 4);
    CHECK(listeners.addresses()[i].port() != 0);
    for (int fd : numbers[i]) {
      all.insert(fd);
      CHECK(*sys::local_address(fd) == listeners.addresses()[i]);
      CHECK(option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1);
      CHECK(option(fd, SOL_SOCKET, SO_REUSEPORT) == 1);
      CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
      CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
  }
  CHECK(all.size() == 8);
  CHECK(listeners.addresses()[0].port() != listeners.addresses()[1].port());
}

TEST_CASE("process/listeners: connections spread over the slots, and none is lost") {
  Listeners listeners = opened({{"127.0.0.1:0"}}, 3);
  std::vector<int> fds = listeners.numbers()[0];
  std::vector<sys::Fd> clients;
  for (int i = 0; i < 200; i++) clients.push_back(sys::connect_to(listeners.addresses()[0]).value());
  int counts[3] = {}, sum = 0;
  while (sum < 200) {
    pollfd entries[3];
    for (int k = 0; k < 3; k++) entries[k] = {fds[static_cast<size_t>(k)], POLLIN, 0};
    REQUIRE(poll(entries, 3, 10'000) > 0);
    for (int k = 0; k < 3; k++) {
      sys::Address peer;
      if (!entries[k].revents) continue;
      sys::Fd server(static_cast<int>(sys::accept_connection(entries[k].fd, peer)));
      counts[k] += static_cast<bool>(server);
      sum += static_cast<bool>(server);
    }
  }
  for (int count : counts) CHECK(count > 0);
}

TEST_CASE("process/listeners: one slot, and all addresses") {
  Listeners listeners = opened({{":0"}}, 1);
  REQUIRE(listeners.numbers()[0].size() == 1);
  sys::Address address = *sys::Address::parse("127.0.0.1:0");
  address.set_port(listeners.addresses()[0].port());
  CHECK(sys::connect_to(address).ok());
}

TEST_CASE("process/listeners: whether accepting waits for bytes is said for each address") {
  Listeners listeners = opened({{"127.0.0.1:0", true}, {"127.0.0.1:0", false}}, 2);
  std::vector<std::vector<int>> numbers = listeners.numbers();
  for (int fd : numbers[0]) CHECK(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) >= 1);
  for (int fd : numbers[1]) CHECK(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) == 0);
}

TEST_CASE("process/listeners: an address in use is an error and leaves nothing open") {
  TempDir temp;
  Listeners first = opened({{"127.0.0.1:0"}}, 2);
  std::string address = first.addresses()[0].to_string();
  size_t fds = sys::open_fds().size();
  oklo::Error error = refused({{"127.0.0.1:0"}, {"unix:" + (temp / "s")}, {address}}, 3);
  CHECK(error.number == EADDRINUSE);
  CHECK(error.text == "cannot listen on " + address + ": Address already in use");
  CHECK(sys::open_fds().size() == fds);
  CHECK(!there(temp / "s"));
  first.close();
  CHECK(opened({{address}}, 3).addresses()[0].to_string() == address);
}

TEST_CASE("process/listeners: an address that is given twice is in use") {
  Listeners other = opened({{"127.0.0.1:0"}}, 1);
  std::string address = other.addresses()[0].to_string();
  other.close();
  CHECK(refused({{address}, {address}}, 2).number == EADDRINUSE);
  TempDir temp;
  std::string path = temp / "s";
  CHECK(refused({{"unix:" + path}, {"unix:" + path}}, 2).number == EADDRINUSE);
  CHECK(!there(path));
}

TEST_CASE("process/listeners: a text that is no address, or names what is not here") {
  size_t fds = sys::open_fds().size();
  CHECK(refused({{"127.0.0.1:0"}, {"nonsense"}}, 2).text.starts_with("bad address \"nonsense\""));
  CHECK(refused({{"192.0.2.1:0"}}, 2).number == EADDRNOTAVAIL);
  TempDir temp;
  CHECK(refused({{"unix:" + (temp / "no/s")}}, 2).number == ENOENT);
  CHECK(sys::open_fds().size() == fds);
}

TEST_CASE("process/listeners: a unix path has one listener for all slots, and goes with it") {
  TempDir temp;
  std::string path = temp / "s";
  Listeners listeners = opened({{"unix:" + path}, {"127.0.0.1:0"}}, 4);
  CHECK(listeners.numbers()[0].size() == 1);
  CHECK(listeners.numbers()[1].size() == 4);
  CHECK(listeners.addresses()[0].to_string() == "unix:" + path);
  CHECK(sys::connect_to(listeners.addresses()[0]).ok());
  listeners.close();
  CHECK(!there(path));
  CHECK(listeners.addresses().empty());
  CHECK(listeners.numbers().empty());
  listeners.close();
}

TEST_CASE("process/listeners: a unix socket is open to all, whatever the umask is") {
  TempDir temp;
  for (mode_t mask : {0022, 0027, 0177}) {
    std::string path = temp / std::to_string(mask);
    mode_t before = umask(mask);
    Listeners listeners = opened({{"unix:" + path}}, 1);
    CHECK(umask(before) == mask);
    struct stat info;
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0666);
    listeners.close();
  }
}

TEST_CASE("process/listeners: a path that was left over is replaced, one in use and any other file is not") {
  TempDir temp;
  std::string path = temp / "s", text = "unix:" + path;
  { sys::Fd dead = sys::listen_on(*sys::Address::parse(text), {}).value(); }
  REQUIRE(there(path));
  Listeners listeners = opened({{text}}, 2);
  CHECK(refused({{text}}, 2).number == EADDRINUSE);
  CHECK(there(path));
  CHECK(sys::connect_to(listeners.addresses()[0]).ok());
  temp.file("file", "keep");
  CHECK(refused({{"unix:" + (temp / "file")}}, 2).number == EADDRINUSE);
  CHECK(*sys::read_file(temp / "file", 10) == "keep");
  listeners.close();
}

TEST_CASE("process/listeners: queue_length tells how many wait for a slot, queue also how many may") {
  if (emulated()) return;
  TempDir temp;
  Listeners listeners = opened({{"127.0.0.1:0"}, {"unix:" + (temp / "s")}}, 2);
  CHECK(listeners.queue_length(0) == 0);
  CHECK(listeners.queue_length(1) == 0);
  CHECK(listeners.queue_length(7) == 0);
  std::vector<sys::Fd> clients;
  for (int i = 0; i < 100; i++) clients.push_back(sys::connect_to(listeners.addresses()[0]).value());
  std::vector<int> fds = listeners.numbers()[0];
  // The last of a handshake may still be under way when connect returns.
  while (listeners.queue_length(0) + listeners.queue_length(1) < 100) {
    pollfd entries[] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
    REQUIRE(poll(entries, 2, 10'000) > 0);
  }
  CHECK(listeners.queue_length(0) > 0);
  CHECK(listeners.queue_length(1) > 0);
  for (uint32_t slot = 0; slot < 2; slot++) {
    CHECK(listeners.queue(slot).length == listeners.queue_length(slot));
    CHECK(listeners.queue(slot).limit >= 100);
  }
  CHECK(listeners.queue(2).limit == 0);
  listeners.close();
  CHECK(listeners.queue_length(0) == 0);
  CHECK(listeners.queue(0).limit == 0);
}

TEST_CASE("process/listeners: datagrams have a socket for each slot, which do not listen and count nothing") {
  TempDir temp;
  ListenAddress udp{"127.0.0.1:0"};
  udp.datagram = true;
  udp.receive_buffer_bytes = 20'000;
  ListenAddress local{"unix:" + (temp / "s")};
  local.datagram = true;
  Listeners listeners = opened({udp, local}, 3);
  std::vector<std::vector<int>> fds = listeners.numbers();
  REQUIRE(fds[0].size() == 3);
  REQUIRE(fds[1].size() == 1);
  for (int fd : fds[0]) {
    CHECK(option(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM);
    CHECK(option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0);
    CHECK(option(fd, SOL_SOCKET, SO_REUSEADDR) == 0);
    CHECK(option(fd, SOL_SOCKET, SO_RCVBUF) == 40'000);  // doubled by the kernel (socket(7))
    CHECK(*sys::local_address(fd) == listeners.addresses()[0]);
  }
  CHECK(option(fds[1][0], SOL_SOCKET, SO_TYPE) == SOCK_DGRAM);
  // Each of the sockets gets some of what comes from many peers.
  const sys::Address& to = listeners.addresses()[0];
  std::vector<sys::Fd> peers;
  for (int i = 0; i < 200; i++) {
    peers.emplace_back(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    REQUIRE(sendto(peers.back().get(), "x", 1, 0, to.data(), to.size()) == 1);
  }
  int got[3] = {};
  char byte;
  for (int slot = 0; slot < 3; slot++)
    while (recv(fds[0][slot], &byte, 1, MSG_DONTWAIT) == 1) got[slot]++;
  CHECK(got[0] + got[1] + got[2] > 50);
  if (!emulated())
    for (int count : got) CHECK(count > 0);
  for (uint32_t slot = 0; slot < 3; slot++) CHECK(listeners.queue_length(slot) == 0);
  // The address is taken: for another service, and for one that would share it.
  CHECK(refused({ListenAddress{listeners.addresses()[0].to_string(), false, true}}, 1).number == EADDRINUSE);
  CHECK(refused({local}, 1).number == EADDRINUSE);
  listeners.close();
  CHECK_FALSE(there(temp / "s"));
}

TEST_CASE("process/listeners: what is accepted has the options of its address") {
  ListenAddress wanted{"127.0.0.1:0"};
  wanted.nodelay = false;
  wanted.keepalive_s = 70;
  wanted.backlog = 5;
  Listeners listeners = opened({wanted, {"127.0.0.1:0"}}, 1);
  int idle[2], nodelay[2], alive[2];
  for (int i : {0, 1}) {
    sys::Fd client = sys::connect_to(listeners.addresses()[i]).value();
    pollfd entry = {listeners.numbers()[i][0], POLLIN, 0};
    REQUIRE(poll(&entry, 1, 10'000) == 1);
    sys::Fd accepted(accept(entry.fd, nullptr, nullptr));
    idle[i] = option(accepted.get(), IPPROTO_TCP, TCP_KEEPIDLE);
    nodelay[i] = option(accepted.get(), IPPROTO_TCP, TCP_NODELAY);
    alive[i] = option(accepted.get(), SOL_SOCKET, SO_KEEPALIVE);
  }
  CHECK(idle[0] == 70);
  CHECK(nodelay[0] == 0);
  CHECK(alive[0] == 1);
  CHECK(nodelay[1] == 1);
  CHECK(alive[1] == 0);
}

TEST_CASE("process/listeners: those of addresses that stay are shared, in any order") {
  TempDir temp;
  std::string path = "unix:" + (temp / "s"), gone = "unix:" + (temp / "gone");
  Listeners before = opened({{"127.0.0.1:0"}, {path}, {gone}, {"127.0.0.1:0", false, true}}, 2);
  std::string tcp = before.addresses()[0].to_string(), udp = before.addresses()[3].to_string();
  Listeners after = opened(
      {{udp, false, true}, {path}, {"127.0.0.1:0"}, {"127.0.0.1:0"}, {tcp, false, true}}, 2, &before);
  CHECK(after.numbers()[0] == before.numbers()[3]);
  CHECK(after.numbers()[1] == before.numbers()[1]);
  CHECK(after.numbers()[2] == before.numbers()[0]);
  CHECK(after.addresses()[2].to_string() == tcp);
  CHECK(after.addresses()[3] != after.addresses()[2]);
  CHECK(after.addresses()[4] == after.addresses()[2]);
  after.take_over(before);
  CHECK_FALSE(there(temp / "gone"));
  CHECK(sys::connect_to(after.addresses()[1]).ok());
  after.close();
}

TEST_CASE("process/listeners: what waits at an address that stays is there for the next") {
  Listeners before = opened({{"127.0.0.1:0"}}, 1);
  sys::Fd client = sys::connect_to(before.addresses()[0]).value();
  Listeners after = opened({{"127.0.0.1:0"}}, 3, &before);
  before = Listeners();
  REQUIRE(after.numbers()[0].size() == 3);
  pollfd waits = {after.numbers()[0][0], POLLIN, 0};
  REQUIRE(poll(&waits, 1, 10'000) == 1);
  sys::Address peer;
  CHECK(static_cast<bool>(sys::Fd(static_cast<int>(sys::accept_connection(waits.fd, peer)))));
}

// Connects until so many have come; which of the sockets got them.
std::vector<int> spread_over(const Listeners& listeners, std::vector<int> fds, int wanted) {
  std::vector<sys::Fd> clients;
  for (int i = 0; i < wanted; i++) clients.push_back(sys::connect_to(listeners.addresses()[0]).value());
  std::vector<int> counts(fds.size());
  for (int sum = 0; sum < wanted;) {
    std::vector<pollfd> entries;
    for (int fd : fds) entries.push_back({fd, POLLIN, 0});
    REQUIRE(poll(entries.data(), entries.size(), 10'000) > 0);
    for (size_t k = 0; k < fds.size(); k++) {
      sys::Address peer;
      if (!entries[k].revents) continue;
      sys::Fd server(static_cast<int>(sys::accept_connection(fds[k], peer)));
      counts[k] += static_cast<bool>(server);
      sum += static_cast<bool>(server);
    }
  }
  return counts;
}

TEST_CASE("process/listeners: more slots get connections when they take over, and not before") {
  if (emulated()) return;
  Listeners before = opened({{"127.0.0.1:0"}}, 2);
  Listeners after = opened({{"127.0.0.1:0"}}, 5, &before);
  std::vector<int> fds = after.numbers()[0];
  REQUIRE(fds.size() == 5);
  CHECK(std::vector(fds.begin(), fds.begin() + 2) == before.numbers()[0]);
  std::vector<int> counts = spread_over(after, fds, 200);
  CHECK(counts[0] > 0);
  CHECK(counts[1] > 0);
  CHECK(counts[2] + counts[3] + counts[4] == 0);
  after.take_over(before);
  CHECK(before.rest_is_empty(after));
  before.close_rest(after);
  for (int count : spread_over(after, fds, 300)) CHECK(count > 0);
}

TEST_CASE("process/listeners: more slots that never take over were of no consequence") {
  if (emulated()) return;
  Listeners before = opened({{"127.0.0.1:0"}}, 2);
  for (int i = 0; i < 3; i++) opened({{"127.0.0.1:0"}}, 4, &before).discard(before);
  for (int count : spread_over(before, before.numbers()[0], 200)) CHECK(count > 0);
}

TEST_CASE("process/listeners: with fewer slots the others get no connection, and close when nothing waits") {
  if (emulated()) return;
  Listeners before = opened({{"127.0.0.1:0"}}, 4);
  std::vector<int> fds = before.numbers()[0];
  sys::Fd early;
  while (before.queue_length(3) == 0) early = sys::connect_to(before.addresses()[0]).value();
  Listeners after = opened({{"127.0.0.1:0"}}, 2, &before);
  CHECK(after.numbers()[0] == std::vector(fds.begin(), fds.begin() + 2));
  after.take_over(before);
  CHECK_FALSE(before.rest_is_empty(after));
  sys::Address peer;
  for (int fd : fds)
    for (long got = 0; got >= 0;) {
      got = sys::accept_connection(fd, peer);
      sys::Fd closes(static_cast<int>(got));
    }
  CHECK(before.rest_is_empty(after));
  std::vector<int> counts = spread_over(after, fds, 200);
  CHECK(counts[0] > 0);
  CHECK(counts[1] > 0);
  CHECK(counts[2] + counts[3] == 0);
  before.close_rest(after);
  CHECK(option(fds[1], SOL_SOCKET, SO_ACCEPTCONN) == 1);
  CHECK(option(fds[2], SOL_SOCKET, SO_ACCEPTCONN) == 0);
  for (int count : spread_over(after, {fds[0], fds[1]}, 200)) CHECK(count > 0);
  // And again more.
  Listeners third = opened({{"127.0.0.1:0"}}, 3, &after);
  third.take_over(after);
  for (int count : spread_over(third, third.numbers()[0], 300)) CHECK(count > 0);
}

TEST_CASE("process/listeners: an address that goes lets nobody in any more, and keeps who is there") {
  if (emulated()) return;
  Listeners before = opened({{"127.0.0.1:0"}, {"127.0.0.1:0"}}, 1);
  sys::Address gone = before.addresses()[1];
  sys::Fd early = sys::connect_to(gone).value();
  Listeners after = opened({{before.addresses()[0].to_string()}}, 1, &before);
  after.take_over(before);
  CHECK_FALSE(before.rest_is_empty(after));
  sys::Fd late;
  CHECK(sys::begin_connect(gone, {}, late) == -EINPROGRESS);
  sys::Address peer;
  int listener = before.numbers()[1][0];
  pollfd waits = {listener, POLLIN, 0};
  REQUIRE(poll(&waits, 1, 10'000) == 1);
  CHECK(static_cast<bool>(sys::Fd(static_cast<int>(sys::accept_connection(listener, peer)))));
  CHECK(before.rest_is_empty(after));
  before.close_rest(after);
  CHECK_FALSE(sys::connect_to(gone).ok());
  CHECK(sys::connect_to(after.addresses()[0]).ok());
}

TEST_CASE("process/listeners: of datagrams all sockets stay with fewer slots") {
  ListenAddress udp{"127.0.0.1:0"};
  udp.datagram = true;
  Listeners before = opened({udp}, 4);
  CHECK(opened({udp}, 2, &before).numbers() == before.numbers());
}

TEST_CASE("process/listeners: options change when the next one takes over") {
  Listeners before = opened({{"127.0.0.1:0"}}, 2);
  ListenAddress changed = {"127.0.0.1:0", true};
  changed.nodelay = false;
  changed.keepalive_s = 77;
  Listeners after = opened({changed}, 2, &before);
  int fd = after.numbers()[0][1];
  CHECK(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) == 0);
  after.take_over(before);
  CHECK(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) >= 1);
  CHECK(option(fd, IPPROTO_TCP, TCP_NODELAY) == 0);
  CHECK(option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 77);
}

TEST_CASE("process/listeners: what can't be opened leaves those that serve alone") {
  TempDir temp;
  std::string path = temp / "s";
  Listeners before = opened({{"127.0.0.1:0"}, {"unix:" + path}}, 2);
  size_t fds = sys::open_fds().size();
  std::string fresh = temp / "fresh";
  CHECK(refused({{"unix:" + path}, {"unix:" + fresh}, {"192.0.2.1:0"}}, 3, &before).number == EADDRNOTAVAIL);
  CHECK(there(path));
  CHECK_FALSE(there(fresh));
  CHECK(sys::open_fds().size() == fds);
  CHECK(sys::connect_to(before.addresses()[0]).ok());
  before.close();
}
