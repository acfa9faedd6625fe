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
void LocalLink::close(CloseReason reason) { connection_.close(reason, Linger::yes); }

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
  ConnectionInfo info = info_of(connection_.row(), connection_.clock());
  info.local = connection_.local_address().to_string();
  info.queued = connection_.queued();
  info.worker = service_.worker();
  return info;
}

}  // namespace oklo::stream
