#include "shm/connection_snapshot.h"

#include <cstring>
#include <iterator>

namespace oklo {

namespace {

// False: the row is free, or was given to another connection meanwhile, or its own is only being made.
bool copy(const ConnectionRow& row, uint32_t index, ConnectionSnapshot& to) {
  uint32_t generation = row.generation.load(std::memory_order_acquire);
  if (generation % 2 == 0 || row.kind == ConnectionKind::none) return false;
  to.id = {index, generation};
  to.owner = row.owner.load(std::memory_order_relaxed);
  to.has_ip = row.ip_of_peer() != nullptr;
  std::memcpy(to.peer_ip, row.peer_ip, sizeof to.peer_ip);
  to.peer_port = row.peer_port;
  to.kind = row.kind;
  to.opened_s = row.opened_s;
  to.active_s = row.active_s;
  to.requests = row.requests;
  to.queued_bytes = row.queued_bytes;
  to.bytes_in = row.bytes_in;
  to.bytes_out = row.bytes_out;
  std::atomic_thread_fence(std::memory_order_acquire);
  return row.generation.load(std::memory_order_relaxed) == generation &&
         static_cast<size_t>(to.kind) < kConnectionKinds;
}

}  // namespace

// Chunks that nobody holds are passed over, so that the pages of their rows are not touched.
void each_connection(const ConnectionTable& table,
                     const Function<void(const ConnectionSnapshot&)>& function) {
  ConnectionSnapshot snapshot;
  for (uint32_t first = 0; first < table.size(); first += ConnectionTable::kChunkRows) {
    const ConnectionChunk& chunk = table.chunk(first / ConnectionTable::kChunkRows);
    if (chunk.owner.load(std::memory_order_acquire) == 0) continue;
    for (uint32_t i = first; i < first + ConnectionTable::kChunkRows; i++)
      if (copy(table.row(i), i, snapshot)) function(snapshot);
  }
}

std::string_view kind_name(ConnectionKind kind) {
  static constexpr std::string_view kNames[] = {
      "none", "http", "stream", "websocket", "stream_client", "http_client", "websocket_client",
  };
  static_assert(std::size(kNames) == kConnectionKinds);
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace oklo
