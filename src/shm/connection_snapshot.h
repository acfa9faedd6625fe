#pragma once

#include <cstdint>
#include <string_view>

#include "shm/connection_table.h"

#include <oklo/function.h>

namespace oklo {

// What the row of an open connection said, for whoever does not own it. All of it is of this connection;
// while it was copied its owner may have changed one number and not yet another.
struct ConnectionSnapshot {
  ConnectionId id;
  uint32_t owner = 0;  // the life
  bool has_ip = false;
  uint8_t peer_ip[16] = {};
  uint16_t peer_port = 0;
  ConnectionKind kind = ConnectionKind::none;
  uint32_t opened_s = 0;
  uint32_t active_s = 0;
  uint32_t requests = 0;
  uint32_t queued_bytes = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

// Calls the function for each connection that is open, in the order of their rows.
void each_connection(const ConnectionTable& table, const Function<void(const ConnectionSnapshot&)>& function);

// "http", "stream_client", as programs are told it.
std::string_view kind_name(ConnectionKind kind);
inline constexpr size_t kConnectionKinds = static_cast<size_t>(ConnectionKind::websocket_client) + 1;

}  // namespace oklo
