#pragma once

#include <cstdint>

#include "net/connection_pool.h"
#include "net/intake.h"
#include "reactor/reactor.h"

namespace oklo {

// Accepts connections from one listening socket, which the master owns and never closes. It stops asking
// while the pool is full, and for a moment when the kernel has no fd to give. Owned by the worker's
// service; created for each listener that the worker serves, gone when it leaves it.
class Acceptor final : public Intake, private EventHandler, private Timer {
 public:
  // `deferred`: the listener wakes up only when a connection's first bytes are there.
  Acceptor(ConnectionPool& pool, Endpoint& endpoint, int listener, bool deferred, bool exclusive);
  ~Acceptor() override;

  // One that accepts from now on.
  static Result<std::unique_ptr<Intake>> start(ConnectionPool& pool, Endpoint& endpoint, int listener,
                                               bool deferred, bool exclusive);
  Result<void> start();
  void take_waiting() override;
  void on_room() override;

 private:
  static constexpr int kAcceptsMax = 64;  // a turn: a flood must not hold up those that are there
  static constexpr uint32_t kPauseMs = 100;
  static constexpr size_t kWaitingMax = 4096;  // as many as an accept queue holds (net.core.somaxconn)

  void on_event(uint32_t events) override;
  void on_timer() override;
  bool accept_one();
  void pause(uint32_t for_ms);
  void resume();

  ConnectionPool& pool_;
  Endpoint& endpoint_;
  int listener_;
  bool deferred_;
  bool exclusive_;
  bool watching_ = false;
  int expected_ = 1;  // connections in the accept queue
};

}  // namespace oklo
