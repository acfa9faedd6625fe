#include "net/relay.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/number.h"

#include <oklo/room.h>

namespace oklo {

namespace {

thread_local Relay* current_relay = nullptr;

static_assert(Room::kMessageBytesMax <= BroadcastRing::payload_max(Broadcast::kRingBytes));

bool is_reached(ConnectionKind kind) {
  return kind == ConnectionKind::stream || kind == ConnectionKind::stream_client ||
         kind == ConnectionKind::websocket || kind == ConnectionKind::websocket_client;
}

bool is_for_group(Relay::Kind kind) { return kind == Relay::Kind::room || kind == Relay::Kind::all; }

uint64_t target_of(ConnectionId id) { return uint64_t{id.row} << 32 | id.generation; }

ConnectionId id_of(uint64_t target) {
  return {static_cast<uint32_t>(target >> 32), static_cast<uint32_t>(target)};
}

}  // namespace

Relay::Relay(Reactor& reactor, LifeRow& row, const RelayShare& share, ConnectionPool* pool)
    : reactor_(reactor), row_(row), share_(share), pool_(pool) {
  current_relay = this;
}

Relay::~Relay() { current_relay = nullptr; }

Relay* Relay::current() { return current_relay; }

Result<void> Relay::start() {
  if (!share_.broadcast) return {};
  Broadcast& broadcast = *share_.broadcast;
  writer_ = std::make_unique<BroadcastWriter>(broadcast.ring(share_.life));
  to_ring_.resize(broadcast.lives());
  if (!pool_) return {};
  for (uint32_t life = 0; life < broadcast.lives(); life++) readers_.emplace_back(broadcast.ring(life));
  Result<std::unique_ptr<Doorbell>> doorbell =
      Doorbell::create(reactor_, broadcast.bell(share_.life), [this] { read_rings(); });
  if (!doorbell) return doorbell.error();
  doorbell_ = std::move(doorbell).value();
  return {};
}

// ---------------------------------------------------------------- connections by their id

bool Relay::is_other(uint32_t life) const {
  if (life == share_.life || life >= share_.scoreboard->size()) return false;
  return share_.scoreboard->life(life).state.load() != LifeState::none;
}

// The life of another process that owns it. The generation of a row in use is odd.
std::optional<uint32_t> Relay::owner_of(ConnectionId id) const {
  if (!writer_ || id.generation % 2 == 0 || id.row >= share_.connections->size()) return std::nullopt;
  const ConnectionRow& row = share_.connections->row(id.row);
  uint32_t owner = row.owner.load();
  bool there = row.generation.load() == id.generation && (is_reached(row.kind) || is_expected(id));
  if (!there || !is_other(owner)) return std::nullopt;
  return owner;
}

// Until its row shows what it is, or that it is gone.
bool Relay::is_expected(ConnectionId id) const {
  const ConnectionRow& row = share_.connections->row(id.row);
  bool may_be = row.generation.load() == id.generation && row.kind != ConnectionKind::none;
  if (!may_be || is_reached(row.kind)) return false;
  return std::find(expected_.begin(), expected_.end(), id) != expected_.end();
}

void Relay::expect(ConnectionId id) {
  std::erase_if(expected_, [this](ConnectionId one) { return !is_expected(one); });
  expected_.push_back(id);
}

net::Connection* Relay::find(ConnectionId id) const {
  net::Connection* connection = pool_ ? pool_->find(id) : nullptr;
  return connection && connection->open() ? connection : nullptr;
}

bool Relay::is_open(ConnectionId id) const {
  const net::Connection* own = find(id);
  return own ? is_reached(own->endpoint().kind) : owner_of(id).has_value();
}

bool Relay::send_to(ConnectionId id, Payload payload, std::string_view bytes) {
  if (net::Connection* own = find(id)) return own->endpoint().protocol->send_by_id(*own, payload, bytes);
  if (bytes.size() > Room::kMessageBytesMax) return false;
  return write(id, payload == Payload::text ? Kind::text : Kind::binary, bytes);
}

bool Relay::close(ConnectionId id) {
  if (net::Connection* own = find(id)) return own->endpoint().protocol->close_by_id(*own);
  return write(id, Kind::close, {});
}

bool Relay::write(ConnectionId id, Kind kind, std::string_view bytes) {
  std::optional<uint32_t> owner = owner_of(id);
  if (!owner) return false;
  if (groups_) groups_->flush();
  return pass_on(*owner, kind, target_of(id), bytes);
}

bool Relay::pass_on(uint32_t life, Kind kind, uint64_t target, std::string_view payload) {
  if (road_ && road_->leads_to(life)) return road_->carry(life, kind, target, payload);
  if (!writer_->write(static_cast<uint8_t>(kind), target, payload)) return false;
  ring_later(life);
  return true;
}

// ---------------------------------------------------------------- groups

void Relay::publish(Kind kind, std::string_view name, std::string_view bytes,
                    bool (*wants)(const LifeRow&)) {
  if (!writer_) return;
  bool written = false;
  std::string payload;  // for the road
  for (uint32_t life = 0; life < share_.scoreboard->size(); life++) {
    bool by_road = road_ && road_->leads_to(life);
    if (!is_other(life) || !(by_road || wants(share_.scoreboard->life(life)))) continue;
    if (by_road) {
      if (payload.empty()) payload.append(bytes).append(name);
      if (!road_->carry(life, kind, name.size(), payload)) row_.broadcasts_missed.add(1);
      continue;
    }
    if (!std::exchange(written, true)) {
      bool fits = writer_->begin(static_cast<uint8_t>(kind), name.size(), bytes.size() + name.size());
      OKLO_ASSERT(fits);
      writer_->append(bytes);
      writer_->append(name);
      writer_->commit();
    }
    ring_later(life);
  }
}

void Relay::ring_later(uint32_t life) {
  to_ring_[life] = true;
  end_turn_later();
}

void Relay::end_turn_later() {
  if (std::exchange(posted_, true)) return;
  if (at_once_) end_turn();
  else reactor_.post([this] { end_turn(); });
}

void Relay::end_turn() {
  if (groups_) groups_->flush();
  posted_ = false;
  for (uint32_t life = 0; life < to_ring_.size(); life++) {
    if (!to_ring_[life]) continue;
    to_ring_[life] = false;
    share_.broadcast->bell(life).ring();
  }
}

// ---------------------------------------------------------------- hearing

// A flood of records must not hold up the connections: what is left comes in the next turn.
void Relay::read_rings() {
  if (before_rings_) before_rings_();
  bool more = false;
  for (uint32_t life = 0; life < readers_.size(); life++)
    if (life != share_.life && read_ring(life)) more = true;
  if (more) share_.broadcast->bell(share_.life).ring();
}

bool Relay::read_ring(uint32_t life) {
  for (int left = kRecordsMax; left > 0; left--) {
    BroadcastRead read = readers_[life].read(message_);
    if (read.outcome == BroadcastRead::Outcome::none) return false;
    if (read.outcome == BroadcastRead::Outcome::message) {
      Kind kind = static_cast<Kind>(message_.kind);
      if (!is_for_group(kind)) take_by_id(kind, id_of(message_.target), message_.payload);
      else if (groups_) groups_->take(kind, message_);
      continue;
    }
    row_.broadcasts_missed.add(read.missed_records);
    share_.log->line("too slow: missed " + decimal(read.missed_records) + " messages of another process");
  }
  return true;
}

bool Relay::take(Kind kind, uint64_t target, std::string_view payload) {
  if (kind < Kind::room || kind > Kind::close) return false;
  if (!is_for_group(kind)) {
    take_by_id(kind, id_of(target), payload);
    return true;
  }
  if (target > payload.size()) return false;
  BroadcastMessage message{static_cast<uint8_t>(kind), target, std::string(payload)};
  if (groups_) groups_->take(kind, message);
  return true;
}

void Relay::take_by_id(Kind kind, ConnectionId id, std::string_view bytes) {
  net::Connection* connection = find(id);
  if (!connection) return;
  Protocol& protocol = *connection->endpoint().protocol;
  if (kind == Kind::text) protocol.send_by_id(*connection, Payload::text, bytes);
  if (kind == Kind::binary) protocol.send_by_id(*connection, Payload::binary, bytes);
  if (kind == Kind::close) protocol.close_by_id(*connection);
}

// ---------------------------------------------------------------- the public functions

bool send_to(ConnectionId connection, std::string_view text) {
  return Relay::current() && Relay::current()->send_to(connection, Payload::text, text);
}

bool send_binary_to(ConnectionId connection, std::string_view bytes) {
  return Relay::current() && Relay::current()->send_to(connection, Payload::binary, bytes);
}

bool close_connection(ConnectionId connection) {
  return Relay::current() && Relay::current()->close(connection);
}

bool is_open(ConnectionId connection) { return Relay::current() && Relay::current()->is_open(connection); }

}  // namespace oklo
