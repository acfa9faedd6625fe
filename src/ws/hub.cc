#include "ws/hub.h"

#include <utility>

#include "base/assert.h"
#include "ws/session.h"
#include "ws/websocket_service.h"

#include <oklo/room.h>

namespace oklo::ws {

namespace {

thread_local Hub* current_hub = nullptr;

static_assert(Room::kMessageBytesMax + Room::kNameBytesMax + codec::kFrameHeaderBytesMax <=
              BroadcastRing::payload_max(Broadcast::kRingBytes));

void append_frame(std::string& out, codec::FrameOpcode opcode, std::string_view payload) {
  char bytes[codec::kFrameHeaderBytesMax];
  char* end = codec::write_frame_header(bytes, opcode, payload.size());
  out.append(bytes, static_cast<size_t>(end - bytes));
  out.append(payload);
}

}  // namespace

Hub::Hub(Relay& relay, LifeRow& row) : relay_(relay), row_(row) {
  relay_.attach(this);
  current_hub = this;
}

Hub::~Hub() {
  relay_.attach(nullptr);
  current_hub = nullptr;
}

Hub* Hub::current() { return current_hub; }

Hub& Hub::here() {
  OKLO_ASSERT(current_hub);
  return *current_hub;
}

// ---------------------------------------------------------------- who is there

void Hub::enter(net::Connection& connection) {
  flush();
  members_.enter(connection);
  row_.websockets.store(static_cast<uint32_t>(members_.count()), std::memory_order_relaxed);
}

void Hub::exit(net::Connection& connection) {
  members_.exit(connection);
  row_.websockets.store(static_cast<uint32_t>(members_.count()), std::memory_order_relaxed);
}

// Who enters a room gets what is sent from then on, and who leaves what was sent before.
bool Hub::join(net::Connection& connection, std::string_view room) {
  if (room.size() > Room::kNameBytesMax) return false;
  flush();
  members_.join(connection, room);
  return true;
}

void Hub::leave(net::Connection& connection, std::string_view room) {
  flush();
  members_.leave(connection, room);
}

// ---------------------------------------------------------------- sending

bool Hub::send_to_room(std::string_view room, codec::FrameOpcode opcode, std::string_view payload) {
  return room.size() <= Room::kNameBytesMax && add(Kind::room, room, opcode, payload);
}

bool Hub::send_to_all(codec::FrameOpcode opcode, std::string_view payload) {
  return add(Kind::all, {}, opcode, payload);
}

bool Hub::add(Kind kind, std::string_view room, codec::FrameOpcode opcode, std::string_view payload) {
  if (payload.size() > Room::kMessageBytesMax) return false;
  bool joins = kind == kind_ && room == room_ && frames_.size() + payload.size() <= kBatchBytesMax;
  if (!joins) {
    flush();
    kind_ = kind;
    room_ = room;
  }
  append_frame(frames_, opcode, payload);
  relay_.end_turn_later();
  return true;
}

// A worker without WebSockets has nobody to give it to.
void Hub::flush_frames() {
  std::string frames = std::exchange(frames_, {});
  relay_.publish(kind_, room_, frames, [](const LifeRow& life) { return life.websockets.load() > 0; });
  deliver(kind_, room_, std::move(frames));
}

void Hub::deliver(Kind kind, std::string_view room, std::string frames) {
  if (kind == Kind::room) {
    const LocalRoom* found = members_.find(room);
    if (found) deliver(*found, BytesRef::make(std::move(frames)));
    return;
  }
  BytesRef bytes = BytesRef::make(std::move(frames));
  members_.for_each([&](net::Connection& each) { WebSocketService::deliver(each, bytes); });
}

// No handler is called meanwhile, so nobody enters or leaves.
void Hub::deliver(const LocalRoom& room, const BytesRef& bytes) {
  for (const LocalRoom::Member& member : room.members) WebSocketService::deliver(*member.connection, bytes);
}

void Hub::take(Kind kind, BroadcastMessage& message) {
  std::string& payload = message.payload;
  if (message.target > payload.size()) return;
  std::string room = payload.substr(payload.size() - static_cast<size_t>(message.target));
  payload.resize(payload.size() - room.size());
  deliver(kind, room, std::move(payload));
}

}  // namespace oklo::ws
