#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
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

#include <oklo/function.h>

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
// others by a record in its own ring and a ring of their bells, at the end of the turn, or by a road that
// leads there. The records of one process to another stay in order. Nothing waits: a process that is too
// slow misses records, which it counts. One in each process that has or reaches connections.
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

  // What brings records to other processes without the ring.
  class Road {
   public:
    virtual bool leads_to(uint32_t life) const = 0;
    // A record for a life that it leads to, behind all that went there before. Of a group's record the
    // payload ends with the name, whose size is the target. False: it takes no more. A refused record of a
    // group is lost, and the Relay counts it.
    virtual bool carry(uint32_t life, Kind kind, uint64_t target, std::string_view payload) = 0;

   protected:
    ~Road() = default;
  };

  // `pool` has the connections of this process. Without one it hears nothing, and only sends.
  Relay(Reactor& reactor, LifeRow& row, const RelayShare& share, ConnectionPool* pool);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  // Sends and hears from now on.
  Result<void> start();

  // The last one of this thread; nullptr when there is none.
  static Relay* current();

  // --- connections by their id: streams and WebSockets
  bool is_open(ConnectionId id) const;
  // False: there is no such connection, it takes nothing, or it is another's and the bytes are too many.
  bool send_to(ConnectionId id, Payload payload, std::string_view bytes);
  // Kindly: what was sent before goes out.
  bool close(ConnectionId id);
  // Another process's connection is about to be one that is reached by its id, before all that is sent there
  // from now on: it is taken for one at once.
  void expect(ConnectionId id);
  // One of this process, if it is open; of any kind.
  net::Connection* find(ConnectionId id) const;
  ConnectionPool* pool() const { return pool_; }

  // --- groups
  void attach(Groups* groups) { groups_ = groups; }
  // A record for all other processes that want it, and those that a road leads to: who joins there may be on
  // its way. The name stands behind the bytes, and its size is the target.
  void publish(Kind kind, std::string_view name, std::string_view bytes, bool (*wants)(const LifeRow&));
  // Groups::flush is called when the turn ends, before the bells ring.
  void end_turn_later();

  // --- roads
  // Records for the lives that it leads to go by it alone; nullptr: by the ring all of them. A process that
  // reads this one's ring for another's sake hears what groups get there, so a road leads to all processes
  // that have members of groups, or to none.
  void take_road(Road* road) { road_ = road; }
  // A record that came by a road: what Road::carry was told. False: no Relay says that.
  bool take(Kind kind, uint64_t target, std::string_view payload);
  // Called before the rings are read: what came by roads may have been sent earlier.
  void before_rings(Function<void()> function) { before_rings_ = std::move(function); }

  // Everything leaves when it is sent and not when the turn ends: there may be no end.
  void send_at_once(bool at_once) { at_once_ = at_once; }

 private:
  static constexpr int kRecordsMax = 1024;  // of one ring, a turn

  bool is_other(uint32_t life) const;
  bool is_expected(ConnectionId id) const;
  std::optional<uint32_t> owner_of(ConnectionId id) const;
  bool write(ConnectionId id, Kind kind, std::string_view bytes);
  bool pass_on(uint32_t life, Kind kind, uint64_t target, std::string_view payload);
  void ring_later(uint32_t life);
  void end_turn();

  void read_rings();
  bool read_ring(uint32_t life);
  void take_by_id(Kind kind, ConnectionId id, std::string_view bytes);

  Reactor& reactor_;
  LifeRow& row_;
  RelayShare share_;
  ConnectionPool* pool_;
  Groups* groups_ = nullptr;
  Road* road_ = nullptr;
  Function<void()> before_rings_;
  bool posted_ = false;
  bool at_once_ = false;

  std::unique_ptr<BroadcastWriter> writer_;
  std::vector<ConnectionId> expected_;    // those that no row shows yet, and some that one does
  std::vector<BroadcastReader> readers_;  // one for each ring
  std::vector<bool> to_ring_;             // whose bell is to be rung when the turn ends
  std::unique_ptr<Doorbell> doorbell_;
  BroadcastMessage message_;
};

}  // namespace oklo
