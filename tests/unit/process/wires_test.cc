#include "process/wires.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using oklo::Wires;
namespace sys = oklo::sys;

namespace {

std::string receive(int fd) {
  char room[64];
  sys::Fd passed;
  long size = sys::receive_message(fd, room, passed);
  return size < 0 ? "error " + std::to_string(-size) : std::string(room, static_cast<size_t>(size));
}

}  // namespace

TEST_CASE("process/wires: each thread and slot have a pair of their own, both ways") {
  auto wires = Wires::create(2, 3);
  REQUIRE(wires.ok());
  std::set<int> ends;
  for (uint32_t thread = 0; thread < 2; thread++)
    for (uint32_t slot = 0; slot < 3; slot++) {
      int gate = wires->gate_end(thread, slot), worker = wires->worker_end(thread, slot);
      ends.insert({gate, worker});
      std::string name = std::to_string(thread) + "," + std::to_string(slot);
      CHECK(sys::send_message(gate, "to " + name) > 0);
      CHECK(sys::send_message(worker, "from " + name) > 0);
    }
  CHECK(ends.size() == 12);
  for (uint32_t thread = 0; thread < 2; thread++)
    for (uint32_t slot = 0; slot < 3; slot++) {
      std::string name = std::to_string(thread) + "," + std::to_string(slot);
      CHECK(receive(wires->worker_end(thread, slot)) == "to " + name);
      CHECK(receive(wires->gate_end(thread, slot)) == "from " + name);
      CHECK(receive(wires->gate_end(thread, slot)) == "error " + std::to_string(EAGAIN));
    }
}

TEST_CASE("process/wires: whether something waits for the worker of a slot, from any thread") {
  auto wires = Wires::create(2, 3);
  REQUIRE(wires.ok());
  CHECK_FALSE(wires->waits_for(1));
  CHECK(sys::send_message(wires->gate_end(1, 1), std::string_view("x")) == 1);
  CHECK(sys::send_message(wires->worker_end(1, 2), std::string_view("y")) == 1);
  CHECK(wires->waits_for(1));
  CHECK_FALSE(wires->waits_for(0));
  CHECK_FALSE(wires->waits_for(2));
  CHECK(receive(wires->worker_end(1, 1)) == "x");
  CHECK_FALSE(wires->waits_for(1));
}

TEST_CASE("process/wires: who keeps which ends") {
  auto wires = Wires::create(2, 3);
  REQUIRE(wires.ok());
  std::vector<int> gate, slot, all;
  wires->add_gate_ends(gate);
  wires->add_worker_ends(1, slot);
  wires->add_worker_ends(all);
  CHECK(gate.size() == 6);
  CHECK(slot == std::vector<int>{wires->worker_end(0, 1), wires->worker_end(1, 1)});
  CHECK(all.size() == 6);
  for (int fd : slot) CHECK(std::find(all.begin(), all.end(), fd) != all.end());
  for (int fd : gate) CHECK(std::find(all.begin(), all.end(), fd) == all.end());
}

TEST_CASE("process/wires: messages stay whole and wait while nobody reads, more than ten of them") {
  auto wires = Wires::create(1, 1);
  REQUIRE(wires.ok());
  int type = 0;
  socklen_t length = sizeof type;
  REQUIRE(getsockopt(wires->gate_end(0, 0), SOL_SOCKET, SO_TYPE, &type, &length) == 0);
  CHECK(type == SOCK_DGRAM);
  std::string large(32 << 10, 'x');
  CHECK(sys::send_message(wires->gate_end(0, 0), large) == static_cast<long>(large.size()));
  int sent = 0;
  while (sent < 64 && sys::send_message(wires->gate_end(0, 0), std::string_view("little")) > 0) sent++;
  CHECK(sent == 64);
  std::vector<char> room(large.size() + 1);
  sys::Fd passed;
  CHECK(sys::receive_message(wires->worker_end(0, 0), room, passed) == static_cast<long>(large.size()));
  for (int i = 0; i < sent; i++) CHECK(receive(wires->worker_end(0, 0)) == "little");
}
