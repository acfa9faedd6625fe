#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "net/carrier.h"
#include "net/connection.h"
#include "shm/connection_table.h"

namespace oklo::net {

// A connection whose socket another process owns: what the peer sends is fed to it, and what it sends goes to
// a Carrier when the turn ends. It counts as waiting to be sent until it is confirmed. It stands in a
// PostedPool, for as long as this process has something to do for the connection.
class PostedConnection final : public Connection {
 public:
  // `row` is copied: the connection's own belongs to who has the socket, and may be another's by now.
  PostedConnection(uint32_t slot, Endpoint& endpoint, Carrier& carrier, ConnectionId id,
                   const ConnectionRow& row);

  // --- for who speaks with the owner of the socket
  // What the peer has sent. False, and nothing has happened: there is no room. There is for Block::kBytes
  // bytes, less those that the Carrier was not told to be taken.
  [[nodiscard]] bool feed(std::string_view bytes);
  // The peer will send no more.
  void end_of_input();
  // The socket has taken so many bytes, of memory and of files, the first that are not confirmed yet. False,
  // and nothing has happened: so many were not handed on.
  [[nodiscard]] bool confirm(uint64_t bytes);
  // It ends here without a word to the Carrier: the owner of the socket knows, or goes on without it. What
  // was sent in this turn and not handed on is lost.
  void let_go(CloseReason reason);
  // Hands on what was sent until now, before the turn ends.
  void hand_on();
  bool over() const { return phase_ == Phase::dead; }

  // --- for the PostedPool
  void start();
  uint32_t slot_index() const { return slot_; }

  sys::Address local_address() const override;
  ConnectionId id() const override { return id_; }

 private:
  // Bytes that were handed on in a row, all from memory or all from files.
  struct Run {
    uint64_t bytes;
    bool of_file;
  };

  void on_event(uint32_t) override {}
  void on_flush() override;
  void on_timer() override;
  void detach() override;

  void tell();
  void note(uint64_t bytes, bool of_file);
  void forget(uint64_t bytes);
  void tell_taken();

  uint32_t slot_;
  Carrier& carrier_;
  ConnectionId id_;
  ConnectionRow own_row_ = {};
  std::vector<Run> unconfirmed_;
  uint64_t unconfirmed_bytes_ = 0;
  size_t not_taken_ = 0;    // bytes that were fed and of which the Carrier has not heard
  bool untold_ = false;     // some were fed of which the Protocol has not heard
  bool end_untold_ = false;
  bool let_go_ = false;
};

}  // namespace oklo::net
