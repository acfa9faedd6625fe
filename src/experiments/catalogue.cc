#include "experiments/each.h"

namespace oklo::experiments {

const std::vector<Experiment>& catalogue() {
  static const std::vector<Experiment> kExperiments = {
      {"second-client-waits", "a server that serves one client to its end lets all others wait",
       "an event loop, or a process or thread for each client", second_client_waits},
      {"select-1024", "select has no bit for fd 1,024, and FD_SET writes behind the set",
       "poll, or epoll", select_1024},
      {"thundering-herd", "a connection wakes all processes that wait at a shared listener, for one of them",
       "EPOLLEXCLUSIVE, or SO_REUSEPORT: a listener for each", thundering_herd},
      {"exclusive-skew", "with EPOLLEXCLUSIVE one process gets nearly all connections",
       "SO_REUSEPORT: a listener for each", exclusive_skew},
      {"reuseport-reload", "a worker that leaves closes its listener: who waits there is lost",
       "listeners that the master keeps, or one that is steered empty first", reuseport_reload},
      {"emfile-spin", "without an fd to accept with, the loop turns as fast as it can and does nothing",
       "the acceptor pauses, or a spare fd", emfile_spin},
      {"zombies", "children that have ended and are not waited for stay for ever",
       "at SIGCHLD wait until there is none left", zombies},
      {"reused-fd", "an answer that comes late goes to the client that was given the number of the old one",
       "a generation beside the number", reused_fd},
      {"lost-edge", "edge-triggered epoll and one read: the rest of what came is never looked at",
       "read until EAGAIN, or stay level-triggered", lost_edge},
      {"slow-reader", "what a write did not take is dropped: large answers end in the middle",
       "a queue for each connection", slow_reader},
      {"blocking-handler", "a handler that waits stops the loop: nobody else is answered",
       "a task worker waits in its place", blocking_handler},
      {"ways-to-talk", "what a message costs: pipe, fifo, socket, signal, shared memory", "", ways_to_talk},
  };
  return kExperiments;
}

Outcome nothing_taken(std::string reason) {
  Outcome outcome;
  outcome.not_taken.push_back(std::move(reason));
  return outcome;
}

}  // namespace oklo::experiments
