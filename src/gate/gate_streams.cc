#include "gate/gate_streams.h"

#include <vector>

#include "gate/stream_worker.h"

namespace oklo::gate {

bool GateStreams::visit(ConnectionId id, const Function<void(Connection&)>& function) {
  if (id.row >= context_.connections->size()) return false;
  const ConnectionRow& row = context_.connections->row(id.row);
  bool open = id.generation % 2 == 1 && row.generation.load(std::memory_order_acquire) == id.generation;
  if (!open || row.kind != ConnectionKind::stream) return false;
  uint32_t thread = end_.thread_of(row.owner.load(std::memory_order_relaxed));
  if (thread >= end_.thread_count()) return false;
  RemoteLink link(id, thread, context_, end_);
  Connection connection = link.handle();
  function(connection);
  return true;
}

bool GateStreams::is_own(uint32_t index, std::optional<unsigned> listener) const {
  const ConnectionRow& row = context_.connections->row(index);
  ConnectionId id = {index, row.generation.load(std::memory_order_acquire)};
  bool stream = id.generation % 2 == 1 && row.kind == ConnectionKind::stream;
  bool wanted = stream && (!listener || row.listener == *listener);
  return wanted && worker_of(id, context_.slots) == context_.slot;
}

// Rows that nobody holds are not touched: their memory is not there.
void GateStreams::visit_each(std::optional<unsigned> listener, const Function<void(Connection&)>& function) {
  if (!end_.takes()) return;
  const ConnectionTable& table = *context_.connections;
  std::vector<ConnectionId> ids;
  for (uint32_t chunk = 0; chunk < table.size() / ConnectionTable::kChunkRows; chunk++) {
    uint32_t owner = table.chunk(chunk).owner.load(std::memory_order_relaxed);
    if (owner == 0 || end_.thread_of(owner - 1) >= end_.thread_count()) continue;
    uint32_t first = chunk * ConnectionTable::kChunkRows;
    for (uint32_t index = first; index < first + ConnectionTable::kChunkRows; index++)
      if (is_own(index, listener)) ids.push_back({index, table.row(index).generation.load()});
  }
  for (ConnectionId id : ids) visit(id, function);
}

}  // namespace oklo::gate
