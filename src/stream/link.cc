#include "stream/link.h"

#include "sys/address.h"

namespace oklo::stream {

ConnectionInfo Link::info_of(const ConnectionRow& row, const Clock& clock) {
  ConnectionInfo info;
  info.peer = row.ip_of_peer() ? sys::Address::from_ip(row.peer_ip, row.peer_port).to_string() : "unix";
  info.open_s = static_cast<uint32_t>(clock.now_s) - row.opened_s;
  info.idle_s = static_cast<uint32_t>(clock.now_s) - row.active_s;
  info.bytes_in = row.bytes_in;
  info.bytes_out = row.bytes_out;
  info.queued = row.queued_bytes;
  info.listener = row.listener;
  return info;
}

}  // namespace oklo::stream
