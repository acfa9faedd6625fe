#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "net/connection_pool.h"
#include "net/log.h"
#include "net/protocol.h"
#include "reactor/doorbell.h"
#include "reactor/reactor.h"
#include "shm/broadcast.h"
#include "shm/broadcast_reader.h"
#include "shm/broadcast_writer.h"
#include "shm/connection_table.h"
#include "shm/scoreboard.h"

namespace oklo {

// What a Relay shares with those of the other processes; all of it outlives the Relay.
struct RelayShare {
  Broadcast* broadcast = nullptr;  // nullptr: there are no others
  const Scoreboard* scoreboard = nullptr;
  const ConnectionTable* connections = nullptr;
  uint32_t life = 0;               // whose ring this one writes
  Log* log = nullptr;
};

// How a process reaches connections that it knows by their id, or as a group: its own directly, those of
// others by a record in its own ring and a ring of their bells, at the end of the turn. Records of one
// process stay in order. Nothing waits: a process that is too slow misses records, which it counts. One in
// each process that has or reaches connections.
class Relay {
 public:
  // What a record is for. All but `room` and `all` are for the connection whose id is the target.
  enum class Kind : uint8_t { room = 1, all, text, binary, close };

  // Who knows of groups.
  class Groups {
   public:
    // What waits is published: something that was sent later is about to be.
    virtual void flush() = 0;
    // A record of another process.
    virtual void take(Kind kind, BroadcastMessage& message) = 0;

   protected:
    ~Groups() = default;
  };

  // `pool` has the connections of this process. Without one it hears nothing, and only sends.
  Relay(Reactor& reactor, LifeRow& row, const RelayShare& share, ConnectionPool* pool);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  // Sends and hears from now on.
  Result<void> start();

  // The last one of this process; nullptr when there is none.
  static Relay* current();

  // --- connections by their id: streams and WebSockets
  bool is_open(ConnectionId id) const;
  // False: there is no such connection, it takes nothing, or it is another's and the bytes are too many.
  bool send_to(ConnectionId id, Payload payload, std::string_view bytes);
  // Kindly: what was sent before goes out.
  bool close(ConnectionId id);
  // One of this process, if it is open; of any kind.
  net::Connection* find(ConnectionId id) const;
  ConnectionPool* pool() const { return pool_; }

  // --- groups
  void attach(Groups* groups) { groups_ = groups; }
  // A record for all other processes that want it. The name stands behind the bytes, and its size is the
  // target.
  void publish(Kind kind, std::string_view name, std::string_view bytes, bool (*wants)(const LifeRow&));
  // Groups::flush is called when the turn ends, before the bells ring.
  void end_turn_later();

  // Everything leaves when it is sent and not when the turn ends: there may be no end.
  void send_at_once(bool at_once) { at_once_ = at_once; }

 private:
  static constexpr int kRecordsMax = 1024;  // of one ring, a turn

  bool is_other(uint32_t life) const;
  std::optional<uint32_t> owner_of(ConnectionId id) const;
  bool write(ConnectionId id, Kind kind, std::string_view bytes);
  void ring_later(uint32_t life);
  void end_turn();

  void read_rings();
  bool read_ring(uint32_t life);
  void take(BroadcastMessage& message);

  Reactor& reactor_;
  LifeRow& row_;
  RelayShare share_;
  ConnectionPool* pool_;
  Groups* groups_ = nullptr;
  bool posted_ = false;
  bool at_once_ = false;

  std::unique_ptr<BroadcastWriter> writer_;
  std::vector<BroadcastReader> readers_;  // one for each ring
  std::vector<bool> to_ring_;             // whose bell is to be rung when the turn ends
  std::unique_ptr<Doorbell> doorbell_;
  BroadcastMessage message_;
};

}  // namespace oklo
