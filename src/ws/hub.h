#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/websocket_frame.h"
#include "net/log.h"
#include "net/shared_bytes.h"
#include "reactor/doorbell.h"
#include "reactor/reactor.h"
#include "shm/broadcast.h"
#include "shm/broadcast_reader.h"
#include "shm/broadcast_writer.h"
#include "shm/connection_table.h"
#include "shm/scoreboard.h"
#include "ws/members.h"

namespace oklo::ws {

// What a Hub shares with those of the other workers; all of it outlives the Hub.
struct HubShare {
  Broadcast* broadcast = nullptr;  // nullptr: there are no others
  const Scoreboard* scoreboard = nullptr;
  const ConnectionTable* connections = nullptr;
  uint32_t life = 0;
  Log* log = nullptr;
};

// Where the WebSockets of one worker meet each other and those of the other workers. What is sent to a room
// is encoded once. It waits until the end of the turn, and what follows it to the same room joins it: each
// local receiver gets one note of shared bytes, the other workers one record in this worker's ring, and one
// ring of their bells. One in each worker that has WebSockets.
class Hub {
 public:
  Hub(Reactor& reactor, LifeRow& row, const HubShare& share);
  ~Hub();
  // Hears the others from now on.
  Result<void> start();

  // That of this process; nullptr when there is none.
  static Hub* current();

  // A WebSocket has opened, or is gone.
  void enter(net::Connection& connection);
  void exit(net::Connection& connection);
  bool join(net::Connection& connection, std::string_view room);
  void leave(net::Connection& connection, std::string_view room);

  // False: it is too long, and nobody gets it.
  bool send_to_room(std::string_view room, codec::FrameOpcode opcode, std::string_view payload);
  bool send_to_all(codec::FrameOpcode opcode, std::string_view payload);
  // False: there is no such connection, or it can't take it, or it is too long.
  bool send_to(ConnectionId id, codec::FrameOpcode opcode, std::string_view payload);

  // What was sent to rooms stands in the queues afterwards, so that what is queued next comes behind it.
  void flush() {
    if (!frames_.empty()) flush_frames();
  }

 private:
  enum Kind : uint8_t { kRoom = 1, kAll = 2, kOne = 3 };
  static constexpr size_t kBatchBytesMax = 16 * 1024;  // a longer message goes alone
  static constexpr int kRecordsMax = 1024;             // of one ring, a turn

  bool add(Kind kind, std::string_view room, codec::FrameOpcode opcode, std::string_view payload);
  void flush_frames();
  void deliver(Kind kind, std::string_view room, std::string frames);
  static void deliver(const LocalRoom& room, const BytesRef& bytes);
  void end_turn_later();
  void end_turn();

  bool is_other(uint32_t life) const;
  void publish(Kind kind, std::string_view room, std::string_view frames);
  bool send_to_other(ConnectionId id, codec::FrameOpcode opcode, std::string_view payload);
  void ring_later(uint32_t life);
  void read_rings();
  bool read_ring(uint32_t life);
  void take(BroadcastMessage& message);

  Reactor& reactor_;
  LifeRow& row_;
  HubShare share_;
  Members members_;
  std::string frames_;  // what was sent to rooms in this turn, for whom:
  Kind kind_ = kRoom;
  std::string room_;
  bool posted_ = false;

  std::unique_ptr<BroadcastWriter> writer_;
  std::vector<BroadcastReader> readers_;  // one for each life
  std::vector<bool> to_ring_;             // whose bell is to be rung when the turn ends
  std::unique_ptr<Doorbell> doorbell_;
  BroadcastMessage message_;
};

}  // namespace oklo::ws
