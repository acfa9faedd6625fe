#include "gate/stream_worker.h"

#include <utility>

#include "sys/address.h"

namespace oklo::gate {

// ---------------------------------------------------------------- the handlers

bool StreamWorker::on_told(uint32_t thread, const codec::WireRecord& record) {
  RemoteLink link(connection_id(record.connection), thread, context_, end_);
  Connection connection = link.handle();
  auto call = [&connection](const Function<void(Connection&)>& handler) {
    if (handler) handler(connection);
  };
  switch (static_cast<Told>(record.type)) {
    case Told::received:
      context_.row->requests.add(1);
      handlers_.on_receive(connection, record.bytes);
      break;
    case Told::connected: call(handlers_.on_connect); break;
    case Told::sent: call(handlers_.on_sent); break;
    case Told::ended: call(handlers_.on_end); break;
    case Told::buffer_full: call(handlers_.on_buffer_full); break;
    case Told::buffer_drained: call(handlers_.on_buffer_drain); break;
    case Told::closed:
      if (handlers_.on_close) handlers_.on_close(connection, static_cast<CloseReason>(record.flags));
      break;
    default: break;
  }
  return true;
}

void StreamWorker::call(const Function<void(Connection&)>& handler, ConnectionId id, uint32_t thread) {
  RemoteLink link(id, thread, context_, end_);
  Connection connection = link.handle();
  if (handler && link.is_open()) handler(connection);
}

// ---------------------------------------------------------------- what waits for a thread that does not read
// It is part of the queue of whoever sends more then. The gate can't tell of it: nothing is heard meanwhile.

const StreamWorker::Filled* StreamWorker::find(ConnectionId id) const {
  auto found = filled_.find(id.row);
  bool is_it = found != filled_.end() && found->second.generation == id.generation;
  return is_it ? &found->second : nullptr;
}

bool StreamWorker::filled(ConnectionId id) const {
  return find(id) || queued_in_gate(id) > options_.high_water;
}

bool StreamWorker::on_send(uint32_t thread, ConnectionId id, size_t bytes) {
  const Filled* filled = find(id);
  if (filled && filled->refused) return false;
  size_t own = queued_in_gate(id) + bytes + (filled ? filled->sent : 0);
  if (own > options_.queue_bytes) {
    refuse(thread, id);
    return false;
  }
  if (filled) {
    filled_[id.row].sent += bytes;
  } else if (own + end_.waiting_bytes(thread) > options_.high_water) {
    filled_[id.row] = {id.generation, thread, bytes};
    if (untold_.empty()) context_.reactor->post([this] { tell_filled(); });
    untold_.push_back(id);
  }
  return true;
}

void StreamWorker::refuse(uint32_t thread, ConnectionId id) {
  filled_[id.row] = {id.generation, thread, 0, true, true};
  RemoteLink(id, thread, context_, end_).abort_for(CloseReason::queue_full);
}

// All of it may leave at the first try.
void StreamWorker::tell_filled() {
  for (ConnectionId id : std::exchange(untold_, {})) {
    if (!find(id)) continue;
    Filled& filled = filled_[id.row];
    if (!std::exchange(filled.told, true)) call(handlers_.on_buffer_full, id, filled.thread);
  }
  for (uint32_t thread = 0; thread < end_.thread_count(); thread++)
    if (end_.flush(thread)) on_room(thread);
}

// Where too much waits in the gate, that one tells when it does not any more.
void StreamWorker::on_room(uint32_t thread) {
  std::vector<ConnectionId> told;
  std::erase_if(filled_, [&](const auto& place) {
    auto& [row, filled] = place;
    bool over = filled.thread == thread && filled.told;
    if (over && !filled.refused) told.push_back({row, filled.generation});
    return over;
  });
  for (ConnectionId id : told)
    if (queued_in_gate(id) <= options_.high_water) call(handlers_.on_buffer_drain, id, thread);
}

// ---------------------------------------------------------------- the connection in their hands

bool RemoteLink::is_open() const {
  return row().generation.load(std::memory_order_relaxed) == id_.generation &&
         row().kind == ConnectionKind::stream;
}

void RemoteLink::say(Said type, uint16_t flags, std::string_view bytes, sys::Fd file) {
  if (is_open()) end_.say(thread_, type, id_, row().listener, flags, bytes, std::move(file));
}

void RemoteLink::say_last(Said type, uint16_t flags) {
  say(type, flags);
  sends_ = false;
}

bool RemoteLink::send(std::string_view bytes) {
  if (!sends_ || !is_open() || bytes.size() > Wire::kRecordBytesMax) return false;
  WorkerPort* port = end_.port(row().listener);
  if (port && !port->on_send(thread_, id_, bytes.size())) return sends_ = false;
  say(Said::send, 0, bytes);
  return true;
}

bool RemoteLink::filled() const {
  WorkerPort* port = end_.port(row().listener);
  return port && port->filled(id_);
}

bool RemoteLink::send_file(sys::Fd file, uint64_t offset, uint64_t size) {
  if (!sends_ || !is_open()) return false;
  FileRange range = {offset, size};
  say(Said::send_file, 0, {reinterpret_cast<const char*>(&range), sizeof range}, std::move(file));
  return true;
}

ConnectionInfo RemoteLink::info() const {
  ConnectionStates::Local local = context_.states->local(id_);
  ConnectionInfo info = info_of(row(), context_.reactor->clock());
  info.local = local.port ? sys::Address::from_ip(local.ip, local.port).to_string()
                          : context_.addresses[info.listener].to_string();
  info.queued += end_.waiting_bytes(thread_);
  info.worker = context_.slot;
  return info;
}

}  // namespace oklo::gate
