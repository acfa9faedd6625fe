#include "stream/local_link.h"

#include <utility>

#include "sys/address.h"

namespace oklo::stream {

using Linger = net::Connection::Linger;

bool LocalLink::send(std::string_view bytes) { return connection_.send(bytes); }

bool LocalLink::send_file(sys::Fd file, uint64_t offset, uint64_t size) {
  if (!connection_.sends()) return false;
  connection_.send_file(std::move(file), offset, size);
  return true;
}

// The peer may be sending just now.
void LocalLink::close() { connection_.close(CloseReason::finished, Linger::yes); }

void LocalLink::abort() { connection_.abort(CloseReason::finished); }

void LocalLink::shutdown_send() {
  if (!connection_.sends()) return;
  session().send_finished = true;
  if (session().end_told) connection_.close(CloseReason::finished, Linger::no);
  else connection_.finish_sending();
}

void LocalLink::pause() {
  session().paused = true;
  connection_.pause_reading();
}

void LocalLink::resume() {
  if (!std::exchange(session().paused, false)) return;
  // Where more would have no room, let_go reads on.
  bool full = session().held && connection_.input().size() == Block::kBytes;
  if (!full) connection_.resume_reading();
}

ConnectionInfo LocalLink::info() const {
  const ConnectionRow& row = connection_.row();
  ConnectionInfo info;
  info.peer = row.peer_port ? sys::Address::from_ip(row.peer_ip, row.peer_port).to_string() : "unix";
  info.local = connection_.local_address().to_string();
  info.open_s = connection_.clock().now_s - row.opened_s;
  info.idle_s = connection_.clock().now_s - row.active_s;
  info.bytes_in = row.bytes_in;
  info.bytes_out = row.bytes_out;
  info.queued = connection_.queued();
  info.listener = row.listener;
  info.worker = service_.worker();
  return info;
}

}  // namespace oklo::stream
