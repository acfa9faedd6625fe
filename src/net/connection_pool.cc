#include "net/connection_pool.h"

#include <utility>

namespace oklo {

namespace {

bool is_client(const net::Connection& connection) {
  return connection.endpoint().kind >= ConnectionKind::stream_client;
}

}  // namespace

ConnectionPool::ConnectionPool(Reactor& reactor, const ConnectionTable& table, LifeRow& life,
                               uint32_t life_index, uint32_t connections_max)
    : reactor_(reactor), life_(life), rows_(table, life_index), connections_max_(connections_max) {}

Endpoint ConnectionPool::make_endpoint(Protocol& protocol) {
  Endpoint endpoint;
  endpoint.pool = this;
  endpoint.reactor = &reactor_;
  endpoint.blocks = &blocks_;
  endpoint.rows = &rows_;
  endpoint.life = &life_;
  endpoint.protocol = &protocol;
  return endpoint;
}

void ConnectionPool::open(Endpoint& endpoint, sys::Fd socket, const sys::Address& peer, bool read_now) {
  ConnectionId id = rows_.open();
  if (id.generation == 0) {
    life_.closed[static_cast<size_t>(CloseReason::no_memory)].add(1);
    return;
  }
  net::SocketConnection& connection = insert(id, endpoint, std::move(socket), peer);
  life_.accepted.add(1);
  count();
  connection.start(read_now);
}

[[gnu::always_inline]] inline net::SocketConnection& ConnectionPool::insert(
    ConnectionId id, Endpoint& endpoint, sys::Fd&& socket, const sys::Address& peer) {
  ConnectionRow& row = rows_.row(id);
  row.kind = endpoint.kind;
  row.listener = endpoint.listener;
  row.peer_port = peer.port();
  peer.copy_ip(row.peer_ip);
  row.opened_s = row.active_s = static_cast<uint32_t>(reactor_.clock().now_ms / 1000);
  net::SocketConnection& connection = connections_.insert(endpoint, std::move(socket), id);
  row.slot = connection.slot_index();
  return connection;
}

bool ConnectionPool::enter(net::Connection& connection) {
  uint32_t& place = static_cast<net::SocketConnection&>(connection).address_place();
  return guard_->enter(connection.row().ip_of_peer(), reactor_.clock().now_ms, place);
}

ConnectionId ConnectionPool::reserve() {
  if (full()) return {};
  ConnectionId id = rows_.open();
  if (!id) return {};
  reserved_++;
  count();
  return id;
}

void ConnectionPool::give_up(ConnectionId id) {
  rows_.close(id);
  reserved_--;
  count();
  if (on_erase_) on_erase_();
}

void ConnectionPool::open_client(ConnectionId id, Endpoint& endpoint, sys::Fd socket,
                                 const sys::Address& peer) {
  net::SocketConnection& connection = insert(id, endpoint, std::move(socket), peer);
  reserved_--;
  clients_++;
  count();
  connection.start(false);
}

void ConnectionPool::erase(net::Connection& connection, CloseReason reason) {
  ConnectionId id = connection.id();
  if (std::exchange(retained_, {}) == id) connection.row().kind = ConnectionKind::none;
  else rows_.close(id);
  if (is_client(connection)) clients_--;
  net::SocketConnection& own = static_cast<net::SocketConnection&>(connection);
  if (guard_) guard_->leave(own.address_place());
  connections_.erase(own);
  life_.closed[static_cast<size_t>(reason)].add(1);
  count();
  if (on_erase_) on_erase_();
}

net::Connection* ConnectionPool::find(ConnectionId id) {
  if (!rows_.holds(id)) return nullptr;
  const ConnectionRow& row = rows_.row(id);
  net::SocketConnection* found = connections_.find(row.slot);
  return found && &found->row() == &row ? found : nullptr;
}

void ConnectionPool::for_each(const Function<void(net::Connection&)>& visit) {
  connections_.for_each([&visit](net::Connection& connection) { visit(connection); });
}

void ConnectionPool::count() {
  life_.connections.store(static_cast<uint32_t>(connections_.size()), std::memory_order_relaxed);
  life_.full.store(full(), std::memory_order_relaxed);
}

// A request that waits in the socket is answered by a stop, too: to whoever has sent it, that was before.
void ConnectionPool::drain(DrainMode mode) {
  connections_.for_each([mode](net::SocketConnection& connection) {
    if (is_client(connection)) return;
    if (mode == DrainMode::stop) connection.read_waiting();
    connection.drain(mode);
  });
}

void ConnectionPool::say_farewell(const Function<bool(ConnectionId)>& to) {
  connections_.for_each([&to](net::Connection& connection) {
    if (!is_client(connection) && to(connection.id())) connection.drain(DrainMode::farewell);
  });
}

void ConnectionPool::drain_clients() {
  connections_.for_each([](net::Connection& connection) {
    if (is_client(connection)) connection.drain(DrainMode::stop);
  });
}

void ConnectionPool::abort_all() {
  connections_.for_each([](net::Connection& connection) { connection.abort(CloseReason::aborted); });
}

}  // namespace oklo
