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
  say(Said::send, 0, bytes);
  return true;
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
  info.worker = context_.slot;
  return info;
}

}  // namespace oklo::gate
