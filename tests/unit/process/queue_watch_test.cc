#include "process/queue_watch.h"

#include <doctest/doctest.h>

#include <poll.h>

#include <vector>

#include "emulated.h"
#include "net/turns.h"
#include "sys/socket.h"

using namespace oklo;

namespace {

Listeners two_listeners() { return Listeners::open({{"127.0.0.1:0"}}, 2).value(); }

std::vector<sys::Fd> clients_of(const Listeners& listeners, int count) {
  std::vector<sys::Fd> clients;
  for (int i = 0; i < count; i++) clients.push_back(sys::connect_to(listeners.addresses()[0]).value());
  return clients;
}

uint32_t waiting(const Scoreboard& board) {
  return board.slot(0).accept_queue + board.slot(1).accept_queue + board.slot(2).accept_queue;
}

}  // namespace

TEST_CASE("process/queue_watch: what waits is told of workers, and again after a while") {
  if (emulated()) return;
  Turns turns;
  Listeners listeners = two_listeners();
  Scoreboard board = Scoreboard::create(8, 3).value();
  board.slot(2).role = Role::task_worker;
  QueueWatch watch(*turns.reactor, listeners, board);
  CHECK(waiting(board) == 0);
  CHECK(board.slot(0).accept_queue_max > 0);
  CHECK(board.slot(1).accept_queue_max > 0);
  CHECK(board.slot(2).accept_queue_max == 0);
  std::vector<sys::Fd> clients = clients_of(listeners, 20);
  turns.wait_until([&] { return waiting(board) == 20; });
  listeners.close();
  watch.look();
  CHECK(waiting(board) == 0);
}

TEST_CASE("process/queue_watch: in process mode it is told of the threads of the gate") {
  if (emulated()) return;
  Turns turns;
  Listeners listeners = two_listeners();
  Scoreboard board = Scoreboard::create(8, 4, 4).value();
  board.slot(1).role = board.slot(2).role = Role::gate_thread;
  board.slot(3).role = Role::manager;
  QueueWatch watch(*turns.reactor, listeners, board);
  std::vector<sys::Fd> clients = clients_of(listeners, 20);
  while (waiting(board) < 20) watch.look();
  CHECK(board.slot(0).accept_queue == 0);
  CHECK(board.slot(1).accept_queue_max > 0);
  CHECK(board.slot(2).accept_queue_max > 0);
  CHECK(board.slot(3).accept_queue_max == 0);
  listeners.close();
}
