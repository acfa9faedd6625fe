#pragma once

#include <cstddef>
#include <cstdint>

#include "net/connection.h"
#include "sys/fd.h"

namespace oklo::net {

// A connection that owns its socket. It stands in a ConnectionPool.
class SocketConnection final : public Connection {
 public:
  SocketConnection(uint32_t slot, Endpoint& endpoint, sys::Fd socket, ConnectionId id);

  // --- for the ConnectionPool
  void start(bool read_now);
  // Hears what has come already, where it hears at all.
  void read_waiting();
  uint32_t slot_index() const { return slot_; }
  // Where it counts for its peer's address (AddressTable); 0: it does not.
  uint32_t& address_place() { return address_place_; }

  sys::Address local_address() const override;
  ConnectionId id() const override { return endpoint_->rows->id_of(row_); }

 private:
  static constexpr uint32_t kLingerMs = 2000;

  void on_event(uint32_t events) override;
  void on_flush() override;
  void on_timer() override;
  void detach() override;

  void on_other_event(uint32_t events);
  void read();
  void read_more();
  void read_in_vain();
  void take_in(Block* block, size_t bytes);
  void read_nothing(long result);
  void end_of_input();
  void hang_up(uint32_t events);
  void discard_input();
  void flush(Block* block);
  void flush_pieces();
  void count_sent(size_t sent);
  void flushed_all();
  void flushed_some(long sent);
  void flushed(long sent);
  void tell_flushed(bool some);
  void finish_closing();
  void settle();
  void watch();
  void await_room();
  void check_stall();

  // They stand in what the flags of a Connection leave of their word: there are many connections.
  uint16_t watched_ : 14 = 0;     // the interest that the Reactor has
  uint16_t registered_ : 1 = false;
  uint16_t hung_up_ : 1 = false;  // the peer is gone while reading is paused
  uint32_t slot_;
  sys::Fd socket_;
  uint32_t address_place_ = 0;
  uint32_t kernel_queue_ = 0;  // what the socket held when it took less than there was
};

}  // namespace oklo::net
