#pragma once

#include <cstdint>

#include "shm/connection_table.h"

namespace oklo {

// The rows that one life holds: opens and closes connections in its chunks, and gives back a chunk when
// it is empty and another has room. One for each worker. What it holds when its process ends is for the
// master to reclaim.
class ConnectionRows {
 public:
  ConnectionRows(const ConnectionTable& table, uint32_t life) : table_(table), life_(life) {}

  // A row for a new connection, zeroed but for generation and owner; generation 0 in the id when the
  // table is full.
  ConnectionId open();
  void close(ConnectionId id);
  ConnectionRow& row(ConnectionId id) const { return table_.row(id.row); }
  // Whether it names a connection of this life that is open.
  bool holds(ConnectionId id) const;
  // Of a row that is open.
  ConnectionId id_of(const ConnectionRow& row) const {
    return {static_cast<uint32_t>(&row - &table_.row(0)), row.generation.load(std::memory_order_relaxed)};
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  bool grow();
  void link(uint32_t chunk);
  void unlink(uint32_t chunk);

  const ConnectionTable& table_;
  uint32_t life_;
  uint32_t with_room_ = kNone;  // the first of our chunks that have free rows
};

}  // namespace oklo
