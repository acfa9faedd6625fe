#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/websocket_frame.h"
#include "net/relay.h"
#include "net/shared_bytes.h"
#include "shm/scoreboard.h"
#include "ws/members.h"

namespace oklo::ws {

// Where the WebSockets of one worker meet each other and those of the other workers. What is sent to a room
// is encoded once. It waits until the end of the turn, and what follows it to the same room joins it: each
// local receiver gets one note of shared bytes, the other workers one record of this one's Relay. One in each
// process of a server with WebSockets.
class Hub final : private Relay::Groups {
 public:
  // Both outlive it.
  Hub(Relay& relay, LifeRow& row);
  ~Hub();

  // That of this thread; nullptr when there is none.
  static Hub* current();
  // The same where there must be one.
  static Hub& here();

  // A WebSocket has opened, or is gone.
  void enter(net::Connection& connection);
  void exit(net::Connection& connection);
  bool join(net::Connection& connection, std::string_view room);
  void leave(net::Connection& connection, std::string_view room);

  // False: it is too long, and nobody gets it.
  bool send_to_room(std::string_view room, codec::FrameOpcode opcode, std::string_view payload);
  bool send_to_all(codec::FrameOpcode opcode, std::string_view payload);

  // What was sent to rooms stands in the queues afterwards, so that what is queued next comes behind it.
  void flush() override {
    if (!frames_.empty()) flush_frames();
  }

 private:
  using Kind = Relay::Kind;
  static constexpr size_t kBatchBytesMax = 16 * 1024;  // a longer message goes alone

  bool add(Kind kind, std::string_view room, codec::FrameOpcode opcode, std::string_view payload);
  void flush_frames();
  void deliver(Kind kind, std::string_view room, std::string frames);
  static void deliver(const LocalRoom& room, const BytesRef& bytes);
  void take(Kind kind, BroadcastMessage& message) override;

  Relay& relay_;
  LifeRow& row_;
  Members members_;
  std::string frames_;  // what was sent to rooms in this turn, for whom:
  Kind kind_ = Kind::room;
  std::string room_;
};

}  // namespace oklo::ws
