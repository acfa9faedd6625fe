#pragma once

#include <optional>
#include <unordered_map>

#include "gate/deliveries.h"
#include "gate/port.h"
#include "shm/connection_states.h"
#include "stream/stream_service.h"

#include <oklo/stream.h>

namespace oklo::gate {

// A raw stream service in a reactor thread: the connections, their framing and their queues are here; what
// happens to them is told to workers.
class StreamGate final : public ThreadPort {
 public:
  // Whether a connection ends with the worker that has handled its beginning: it is of use to no other.
  enum class Bond : bool { none, worker };
  // `handlers` are those of the program, which run in the workers: what it does not want is not told. All
  // outlive it.
  StreamGate(const StreamHandlers& handlers, const StreamOptions& options, ConnectionPool& pool,
             Deliveries& deliveries, const ConnectionStates& states, unsigned thread, Bond bond = Bond::none);

  Protocol& protocol() { return service_; }

  bool on_said(const codec::WireRecord& record, sys::Fd file) override;
  void on_done(net::Connection& connection) override { service_.let_go(connection); }
  void on_lost(net::Connection& connection, bool close) override;
  bool on_taken(net::Connection& connection, std::optional<Reader> by) override;
  void on_worker_gone(const Reader& reader, bool died) override;

 private:
  StreamHandlers telling(const StreamHandlers& wanted);
  void tell(Connection& connection, Told type, uint16_t flags = 0, std::string_view bytes = {});
  void receive(Connection& connection, std::string_view bytes);
  void close(Connection& connection, CloseReason reason, bool wanted);
  void keep_local(Connection& connection);
  void obey(net::Connection& connection, const codec::WireRecord& record, sys::Fd file);
  void send_file(net::Connection& connection, std::string_view range, sys::Fd file);

  ConnectionPool& pool_;
  Deliveries& deliveries_;
  const ConnectionStates& states_;
  Bond bond_;
  std::unordered_map<uint64_t, Reader> bound_to_;  // by wire_id
  StreamHandlers telling_;
  LifeRow own_life_ = {};  // a message counts for the worker that handles it
  stream::StreamService service_;
};

}  // namespace oklo::gate
