#include <oklo/connection.h>

#include <optional>
#include <vector>

#include "net/relay.h"
#include "stream/remote_streams.h"
#include "stream/stream_service.h"

namespace oklo {

namespace {

bool is_stream(const net::Connection& connection) {
  return connection.endpoint().kind == ConnectionKind::stream;
}

bool is_client(const net::Connection& connection) {
  return connection.endpoint().kind == ConnectionKind::stream_client;
}

// The function may close any of them, so their ids are gathered first.
void visit_each(std::optional<unsigned> listener, const Function<void(Connection&)>& function) {
  if (auto* remote = stream::RemoteStreams::current()) return remote->visit_each(listener, function);
  Relay* relay = Relay::current();
  if (!relay || !relay->pool()) return;
  std::vector<ConnectionId> ids;
  relay->pool()->for_each([&](const net::Connection& connection) {
    bool wanted = is_stream(connection) && (!listener || connection.endpoint().listener == *listener);
    if (wanted) ids.push_back(connection.id());
  });
  for (ConnectionId id : ids) with_connection(id, function);
}

}  // namespace

bool with_connection(ConnectionId id, const Function<void(Connection&)>& function) {
  net::Connection* connection = Relay::current() ? Relay::current()->find(id) : nullptr;
  auto* remote = stream::RemoteStreams::current();
  if (!connection && remote) return remote->visit(id, function);
  if (!connection || (!is_stream(*connection) && !is_client(*connection))) return false;
  static_cast<stream::StreamService*>(connection->endpoint().protocol)->visit(*connection, function);
  return true;
}

void each_connection(const Function<void(Connection&)>& function) { visit_each({}, function); }

void each_connection(unsigned listener, const Function<void(Connection&)>& function) {
  visit_each(listener, function);
}

}  // namespace oklo
