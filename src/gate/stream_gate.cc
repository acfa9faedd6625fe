#include "gate/stream_gate.h"

#include <cstring>
#include <utility>
#include <vector>

#include "stream/local_link.h"

namespace oklo::gate {

using Linger = net::Connection::Linger;

StreamGate::StreamGate(const StreamHandlers& handlers, const StreamOptions& options, ConnectionPool& pool,
                       Deliveries& deliveries, const ConnectionStates& states, unsigned thread, Bond bond)
    : pool_(pool),
      deliveries_(deliveries),
      states_(states),
      bond_(bond),
      telling_(telling(handlers)),
      service_(telling_, options, pool.reactor(), own_life_, thread, stream::StreamService::Pace::held) {}

// ---------------------------------------------------------------- to the workers

StreamHandlers StreamGate::telling(const StreamHandlers& wanted) {
  StreamHandlers made;
  auto teller = [this](const auto& handler, Told type) -> Function<void(Connection&)> {
    if (!handler) return {};
    return [this, type](Connection& connection) { tell(connection, type); };
  };
  made.on_connect = [this, heard = static_cast<bool>(wanted.on_connect)](Connection& connection) {
    keep_local(connection);
    if (heard) tell(connection, Told::connected);
  };
  made.on_receive = [this](Connection& connection, std::string_view bytes) { receive(connection, bytes); };
  made.on_sent = teller(wanted.on_sent, Told::sent);
  made.on_end = teller(wanted.on_end, Told::ended);
  made.on_buffer_full = teller(wanted.on_buffer_full, Told::buffer_full);
  made.on_buffer_drain = teller(wanted.on_buffer_drain, Told::buffer_drained);
  made.on_close = [this, heard = static_cast<bool>(wanted.on_close)](Connection& connection,
                                                                     CloseReason reason) {
    close(connection, reason, heard);
  };
  return made;
}

void StreamGate::tell(Connection& connection, Told type, uint16_t flags, std::string_view bytes) {
  net::Connection* own = pool_.find(connection.id());
  service_.hold(*own);
  deliveries_.tell(*own, type, flags, bytes);
}

// The workers can't ask the socket. That of a unix socket is that of its listener.
void StreamGate::keep_local(Connection& connection) {
  net::Connection* own = pool_.find(connection.id());
  sys::Address address = own->local_address();
  ConnectionStates::Local local = {{}, address.port()};
  if (local.port == 0) return;
  address.copy_ip(local.ip);
  states_.keep_local(own->id(), local);
}

void StreamGate::receive(Connection& connection, std::string_view bytes) {
  tell(connection, Told::received, 0, bytes);
}

void StreamGate::close(Connection& connection, CloseReason reason, bool wanted) {
  net::Connection* own = pool_.find(connection.id());
  if (wanted) deliveries_.tell(*own, Told::closed, static_cast<uint16_t>(reason));
  deliveries_.part_with(*own);
  bound_to_.erase(wire_id(own->id()));
}

// ---------------------------------------------------------------- from the workers

bool StreamGate::on_said(const codec::WireRecord& record, sys::Fd file) {
  Said said = static_cast<Said>(record.type);
  bool has_file = record.flags & Wire::kHasFile;
  bool whole = said != Said::send_file || (has_file && record.bytes.size() == sizeof(FileRange));
  bool has_reason = said == Said::close || said == Said::abort;
  bool known = !has_reason || record.flags < static_cast<uint16_t>(CloseReason::count);
  if (said < Said::send || said > Said::resume || !whole || !known) return false;
  net::Connection* connection = pool_.find(connection_id(record.connection));
  bool ours = connection && connection->open() && connection->endpoint().protocol == &service_;
  if (ours) obey(*connection, record, std::move(file));
  return true;
}

void StreamGate::obey(net::Connection& connection, const codec::WireRecord& record, sys::Fd file) {
  Said said = static_cast<Said>(record.type);
  // This process has as many files as it may: what comes behind would be taken for it.
  if (said == Said::send_file && !file) return connection.abort(CloseReason::no_memory);
  if (said == Said::send) {
    service_.send_by_id(connection, Payload::binary, record.bytes);
    return;
  }
  CloseReason reason = static_cast<CloseReason>(record.flags);
  service_.visit(connection, [&](Connection& handle) {
    switch (said) {
      case Said::send_file: return send_file(connection, record.bytes, std::move(file));
      case Said::close: return connection.close(reason, Linger::yes);
      case Said::abort: return connection.abort(reason);
      case Said::shutdown_send: return handle.shutdown_send();
      case Said::pause: return handle.pause();
      case Said::resume: return handle.resume();
      default: return;
    }
  });
}

void StreamGate::send_file(net::Connection& connection, std::string_view range_bytes, sys::Fd file) {
  FileRange range;
  std::memcpy(&range, range_bytes.data(), sizeof range);
  stream::LocalLink(connection, service_).send_file(std::move(file), range.offset, range.size);
}

bool StreamGate::on_taken(net::Connection& connection, std::optional<Reader> by) {
  if (bond_ == Bond::none) return false;
  if (by) bound_to_[wire_id(connection.id())] = *by;
  else connection.close(CloseReason::drained, Linger::yes);
  return by.has_value();
}

// What it has sent goes out.
void StreamGate::on_worker_gone(const Reader& reader, bool died) {
  std::vector<uint64_t> bound;
  for (auto& [id, to] : bound_to_)
    if (to == reader) bound.push_back(id);
  for (uint64_t id : bound) {
    bound_to_.erase(id);
    net::Connection* connection = pool_.find(connection_id(id));
    if (!connection || !connection->open()) continue;
    connection->close(died ? CloseReason::handler_failed : CloseReason::drained, Linger::yes);
  }
}

void StreamGate::on_lost(net::Connection& connection, bool close) {
  if (close) connection.close(CloseReason::handler_failed, Linger::yes);
}

}  // namespace oklo::gate
