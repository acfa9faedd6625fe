#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/slot_table.h"
#include "net/connection.h"
#include "net/protocol.h"
#include "shm/scoreboard.h"
#include "stream/stream_session.h"

#include <oklo/stream.h>

namespace oklo::stream {

// A raw stream service for one listener, in one worker: cuts what comes into messages and calls the handlers.
class StreamService final : public Protocol {
 public:
  // Whether what is handed over may be held.
  enum class Pace : bool { free, held };
  // All of these outlive it; they are without fault. `worker` is the number of the worker's slot.
  StreamService(const StreamHandlers& handlers, const StreamOptions& options, Reactor& reactor, LifeRow& life,
                unsigned worker, Pace pace = Pace::free);

  // What is wrong with them, for whoever wrote them, or nullptr.
  static const char* fault(const StreamHandlers& handlers, const StreamOptions& options);

  void on_open(net::Connection& connection) override;
  void on_data(net::Connection& connection) override;
  void on_end(net::Connection& connection) override;
  void on_drained(net::Connection& connection) override;
  void on_partly_sent(net::Connection& connection) override;
  void on_deadline(net::Connection& connection) override;
  void on_drain(net::Connection& connection, DrainMode mode) override;
  void on_close(net::Connection& connection, CloseReason reason) override;

  bool send_by_id(net::Connection& connection, Payload payload, std::string_view bytes) override;
  bool close_by_id(net::Connection& connection) override;

  // Calls a function with a connection of this service. What its handlers are to be told of that comes later.
  void visit(net::Connection& connection, const Function<void(Connection&)>& function);

  // With Pace::held: hands nothing over until let_go, beside what its handlers do. What comes meanwhile is
  // read until a block is full.
  void hold(net::Connection& connection);
  void let_go(net::Connection& connection);

  // The connections that open from now on begin with these kStateBytes as their state; nullptr: with none.
  void begin_with(const void* state) { first_state_ = state; }

  bool filled(const net::Connection& connection) const {
    return connection.queued() > options_.high_water;
  }

  void* state_of(net::Connection& connection);
  unsigned worker() const { return worker_; }

 private:
  template <class... Args>
  void call(const Function<void(Connection&, Args...)>& handler, net::Connection& connection, Args... args);
  template <class... Args>
  void call_if_any(const Function<void(Connection&, Args...)>& handler, net::Connection& connection,
                   Args... args);
  void high_water_passed(net::Connection& connection);

  // --- receiving
  void pass_on(net::Connection& connection);
  void deliver(net::Connection& connection);
  bool deliver_message(net::Connection& connection);
  bool deliver_long_message(net::Connection& connection);
  void begin_long_message(net::Connection& connection);
  void hand_over(net::Connection& connection, std::string_view payload);
  void tell_end(net::Connection& connection);
  void await_more(net::Connection& connection);

  // --- what is told in the next turn
  void list(net::Connection& connection);
  static bool waits(net::Connection& connection);
  void list_if_filled(net::Connection& connection);
  void tell_listed();
  void tell(net::Connection& connection);

  const StreamHandlers& handlers_;
  const StreamOptions& options_;
  Reactor& reactor_;
  LifeRow& life_;
  unsigned worker_;
  bool plain_;  // no framing and no limit of time: all that comes is handed over, and that is all
  SlotTable<HandlerState> states_;
  std::vector<net::Connection*> listed_;  // nullptr: it has ended
  const void* first_state_ = nullptr;
};

}  // namespace oklo::stream
