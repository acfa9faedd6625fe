#include "ws/hub.h"

#include <utility>

#include "base/number.h"
#include "ws/session.h"
#include "ws/websocket_service.h"

#include <oklo/room.h>

namespace oklo::ws {

namespace {

Hub* current_hub = nullptr;

static_assert(Room::kMessageBytesMax + Room::kNameBytesMax + codec::kFrameHeaderBytesMax <=
              BroadcastRing::payload_max(Broadcast::kRingBytes));

void append_frame(std::string& out, codec::FrameOpcode opcode, std::string_view payload) {
  char bytes[codec::kFrameHeaderBytesMax];
  char* end = codec::write_frame_header(bytes, opcode, payload.size());
  out.append(bytes, static_cast<size_t>(end - bytes));
  out.append(payload);
}

}  // namespace

Hub::Hub(Reactor& reactor, LifeRow& row, const HubShare& share)
    : reactor_(reactor), row_(row), share_(share) {
  current_hub = this;
}

Hub::~Hub() { current_hub = nullptr; }

Hub* Hub::current() { return current_hub; }

Result<void> Hub::start() {
  if (!share_.broadcast) return {};
  Broadcast& broadcast = *share_.broadcast;
  writer_ = std::make_unique<BroadcastWriter>(broadcast.ring(share_.life));
  for (uint32_t life = 0; life < broadcast.lives(); life++) readers_.emplace_back(broadcast.ring(life));
  to_ring_.resize(broadcast.lives());
  Result<std::unique_ptr<Doorbell>> doorbell =
      Doorbell::create(reactor_, broadcast.bell(share_.life), [this] { read_rings(); });
  if (!doorbell) return doorbell.error();
  doorbell_ = std::move(doorbell).value();
  return {};
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
  return room.size() <= Room::kNameBytesMax && add(kRoom, room, opcode, payload);
}

bool Hub::send_to_all(codec::FrameOpcode opcode, std::string_view payload) {
  return add(kAll, {}, opcode, payload);
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
  end_turn_later();
  return true;
}

void Hub::flush_frames() {
  std::string frames = std::exchange(frames_, {});
  publish(kind_, room_, frames);
  deliver(kind_, room_, std::move(frames));
}

void Hub::deliver(Kind kind, std::string_view room, std::string frames) {
  if (kind == kRoom) {
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

bool Hub::send_to(ConnectionId id, codec::FrameOpcode opcode, std::string_view payload) {
  net::Connection* local = members_.find(id);
  if (local) return WebSocketService::of(*local).send(*local, opcode, payload);
  return share_.broadcast && payload.size() <= Room::kMessageBytesMax && send_to_other(id, opcode, payload);
}

void Hub::end_turn_later() {
  if (std::exchange(posted_, true)) return;
  reactor_.post([this] { end_turn(); });
}

void Hub::end_turn() {
  posted_ = false;
  flush();
  for (uint32_t life = 0; life < to_ring_.size(); life++) {
    if (!to_ring_[life]) continue;
    to_ring_[life] = false;
    share_.broadcast->bell(life).ring();
  }
}

// ---------------------------------------------------------------- other workers

bool Hub::is_other(uint32_t life) const {
  if (life == share_.life || life >= readers_.size()) return false;
  return share_.scoreboard->life(life).state.load() != LifeState::none;
}

// A worker without WebSockets has nobody to give it to.
void Hub::publish(Kind kind, std::string_view room, std::string_view frames) {
  bool written = false;
  for (uint32_t life = 0; life < readers_.size(); life++) {
    if (!is_other(life) || share_.scoreboard->life(life).websockets.load() == 0) continue;
    if (!written) {
      written = writer_->begin(kind, room.size(), frames.size() + room.size());
      OKLO_ASSERT(written);
      writer_->append(frames);
      writer_->append(room);
      writer_->commit();
    }
    ring_later(life);
  }
}

bool Hub::send_to_other(ConnectionId id, codec::FrameOpcode opcode, std::string_view payload) {
  if (id.row >= share_.connections->size()) return false;
  const ConnectionRow& row = share_.connections->row(id.row);
  uint32_t owner = row.owner.load();
  bool there = row.generation.load() == id.generation && row.kind == ConnectionKind::websocket;
  if (!id || !there || !is_other(owner)) return false;
  flush();
  std::string frame;
  append_frame(frame, opcode, payload);
  if (!writer_->write(kOne, uint64_t{id.row} << 32 | id.generation, frame)) return false;
  ring_later(owner);
  return true;
}

void Hub::ring_later(uint32_t life) {
  to_ring_[life] = true;
  end_turn_later();
}

// A flood of records must not hold up the connections: what is left comes in the next turn.
void Hub::read_rings() {
  bool more = false;
  for (uint32_t life = 0; life < readers_.size(); life++)
    if (life != share_.life && read_ring(life)) more = true;
  if (more) share_.broadcast->bell(share_.life).ring();
}

bool Hub::read_ring(uint32_t life) {
  for (int left = kRecordsMax; left > 0; left--) {
    BroadcastRead read = readers_[life].read(message_);
    if (read.outcome == BroadcastRead::Outcome::none) return false;
    if (read.outcome == BroadcastRead::Outcome::message) {
      take(message_);
      continue;
    }
    row_.broadcasts_missed.add(read.missed_records);
    share_.log->line("too slow: missed " + decimal(read.missed_records) + " messages of another worker");
  }
  return true;
}

void Hub::take(BroadcastMessage& message) {
  std::string& payload = message.payload;
  if (message.kind == kOne) {
    ConnectionId id = {static_cast<uint32_t>(message.target >> 32), static_cast<uint32_t>(message.target)};
    net::Connection* connection = members_.find(id);
    if (connection) WebSocketService::deliver(*connection, BytesRef::make(std::move(payload)));
    return;
  }
  if (message.target > payload.size()) return;
  std::string room = payload.substr(payload.size() - static_cast<size_t>(message.target));
  payload.resize(payload.size() - room.size());
  deliver(message.kind == kRoom ? kRoom : kAll, room, std::move(payload));
}

}  // namespace oklo::ws
