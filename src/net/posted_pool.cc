#include "net/posted_pool.h"

#include <cstring>
#include <utility>

namespace oklo {

namespace {

uint64_t key_of(ConnectionId id) { return uint64_t{id.row} << 32 | id.generation; }

// What stands in a row of another process; false when that is of another connection, or changed meanwhile.
bool copy_row(const ConnectionRow& row, uint32_t generation, ConnectionRow& to) {
  bool there = row.generation.load(std::memory_order_acquire) == generation;
  if (!there || row.kind == ConnectionKind::none) return false;
  std::memcpy(to.peer_ip, row.peer_ip, sizeof to.peer_ip);
  to.peer_port = row.peer_port;
  to.opened_s = row.opened_s;
  to.active_s = row.active_s;
  to.requests = row.requests;
  std::atomic_thread_fence(std::memory_order_acquire);
  return row.generation.load(std::memory_order_relaxed) == generation;
}

}  // namespace

PostedPool::PostedPool(Reactor& reactor, const ConnectionTable& table, LifeRow& life, net::Carrier& carrier)
    : reactor_(reactor), table_(table), life_(life), carrier_(carrier) {}

Endpoint PostedPool::make_endpoint(Protocol& protocol) {
  Endpoint endpoint;
  endpoint.pool = this;
  endpoint.reactor = &reactor_;
  endpoint.blocks = &blocks_;
  endpoint.life = &life_;
  endpoint.protocol = &protocol;
  return endpoint;
}

// The Protocol counts the request once more, in its copy of the row. One that is over stands here until the
// turn ends; its successor takes the name.
net::PostedConnection* PostedPool::open(Endpoint& endpoint, ConnectionId id) {
  ConnectionRow row = {};
  bool there = id.row < table_.size() && id.generation % 2 == 1 &&
               copy_row(table_.row(id.row), id.generation, row);
  net::PostedConnection* before = find(id);
  if (!there || (before && !before->over())) return nullptr;
  if (row.requests > 0) row.requests--;
  net::PostedConnection& connection = connections_.insert(endpoint, carrier_, id, row);
  by_id_[key_of(id)] = &connection;
  connection.start();
  return &connection;
}

net::PostedConnection* PostedPool::find(ConnectionId id) {
  auto found = by_id_.find(key_of(id));
  return found == by_id_.end() ? nullptr : found->second;
}

void PostedPool::for_each(const Function<void(net::Connection&)>& visit) {
  connections_.for_each([&visit](net::Connection& connection) { visit(connection); });
}

void PostedPool::erase(net::Connection& connection, CloseReason) {
  auto found = by_id_.find(key_of(connection.id()));
  if (found != by_id_.end() && found->second == &connection) by_id_.erase(found);
  connections_.erase(static_cast<net::PostedConnection&>(connection));
  if (on_erase_) on_erase_();
}

void PostedPool::drain(DrainMode mode) {
  connections_.for_each([mode](net::PostedConnection& connection) { connection.drain(mode); });
}

void PostedPool::abort_all() {
  connections_.for_each([](net::PostedConnection& connection) { connection.abort(CloseReason::aborted); });
}

}  // namespace oklo
