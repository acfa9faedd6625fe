#include "shm/connection_rows.h"

#include <bit>
#include <cstring>

#include "base/assert.h"

namespace oklo {

namespace {

constexpr uint64_t kFull = UINT64_MAX;

// A reader that sees the generation sees the rest.
ConnectionId occupy(ConnectionRow& row, uint32_t index, uint32_t life) {
  uint32_t generation = row.generation.load(std::memory_order_relaxed) + 1;
  row.owner.store(life, std::memory_order_relaxed);
  std::memset(row.peer_ip, 0, sizeof row.peer_ip);
  row.peer_port = 0;
  row.kind = ConnectionKind::none;
  row.listener = 0;
  row.opened_s = row.active_s = row.requests = row.queued_bytes = row.slot = 0;
  row.bytes_in = row.bytes_out = 0;
  row.generation.store(generation, std::memory_order_release);
  return {index, generation};
}

}  // namespace

ConnectionId ConnectionRows::open() {
  if (with_room_ == kNone && !grow()) return {};
  uint32_t index = with_room_;
  ConnectionChunk& chunk = table_.chunk(index);
  uint32_t free = static_cast<uint32_t>(std::countr_one(chunk.used));
  chunk.used |= uint64_t{1} << free;
  if (chunk.used == kFull) unlink(index);
  uint32_t row = index * ConnectionTable::kChunkRows + free;
  return occupy(table_.row(row), row, life_);
}

void ConnectionRows::close(ConnectionId id) {
  ConnectionRow& row = table_.row(id.row);
  OKLO_ASSERT(row.generation.load(std::memory_order_relaxed) == id.generation);
  row.generation.store(id.generation + 1, std::memory_order_release);
  uint32_t index = id.row / ConnectionTable::kChunkRows;
  ConnectionChunk& chunk = table_.chunk(index);
  if (chunk.used == kFull) link(index);
  chunk.used &= ~(uint64_t{1} << id.row % ConnectionTable::kChunkRows);
  bool others_have_room = with_room_ != index || chunk.next != kNone;
  if (chunk.used != 0 || !others_have_room) return;
  unlink(index);
  table_.return_chunk(index);
}

bool ConnectionRows::holds(ConnectionId id) const {
  if (id.row >= table_.size() || id.generation % 2 == 0) return false;
  const ConnectionRow& row = table_.row(id.row);
  return row.generation.load(std::memory_order_relaxed) == id.generation &&
         row.owner.load(std::memory_order_relaxed) == life_;
}

bool ConnectionRows::grow() {
  std::optional<uint32_t> taken = table_.take_chunk(life_);
  if (taken) link(*taken);
  return taken.has_value();
}

void ConnectionRows::link(uint32_t index) {
  ConnectionChunk& chunk = table_.chunk(index);
  chunk.previous = kNone;
  chunk.next = with_room_;
  if (chunk.next != kNone) table_.chunk(chunk.next).previous = index;
  with_room_ = index;
}

void ConnectionRows::unlink(uint32_t index) {
  const ConnectionChunk& chunk = table_.chunk(index);
  if (chunk.next != kNone) table_.chunk(chunk.next).previous = chunk.previous;
  if (chunk.previous != kNone) table_.chunk(chunk.previous).next = chunk.next;
  else with_room_ = chunk.next;
}

}  // namespace oklo
