#pragma once

#include <memory>
#include <string>

#include "net/peer.h"
#include "reactor/reactor.h"

// A Reactor that the test turns.
struct Turns {
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(1024).value();

  // One turn that waits for nothing.
  void turn() {
    reactor->post([] {});
    reactor->run_once();
  }
  // Turns that wait for nothing, until something is so.
  template <class Condition>
  void turn_until(Condition condition) {
    while (!condition()) turn();
  }
  // Turns that wait for events and timers, until something is so.
  template <class Condition>
  void wait_until(Condition condition) {
    while (!condition()) reactor->run_once();
  }
  // All that a peer gets until its stream is over.
  std::string read_all(Peer& peer) {
    std::string text;
    turn_until([&] {
      text += peer.read();
      return peer.over();
    });
    return text;
  }
};
