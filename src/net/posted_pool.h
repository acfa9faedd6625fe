#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/drain_mode.h"
#include "base/slot_table.h"
#include "net/block_pool.h"
#include "net/connections.h"
#include "net/posted_connection.h"
#include "reactor/reactor.h"
#include "shm/connection_table.h"
#include "shm/scoreboard.h"

#include <oklo/function.h>

namespace oklo {

// The connections whose sockets other processes own and for which this one has something to do. Lives as long
// as the worker.
class PostedPool final : public Connections {
 public:
  // All of these outlive it.
  PostedPool(Reactor& reactor, const ConnectionTable& table, LifeRow& life, net::Carrier& carrier);

  // The part of a connection that is to answer a request here. nullptr: the connection is gone, or has a part
  // here already. The owner of the socket has counted that request in the row, and counts all the rest, too.
  net::PostedConnection* open(Endpoint& endpoint, ConnectionId id);

  net::PostedConnection* find(ConnectionId id) override;
  void for_each(const Function<void(net::Connection&)>& visit) override;
  void erase(net::Connection& connection, CloseReason reason) override;
  size_t size() const { return connections_.size(); }
  bool empty() const { return size() == 0; }

  // Tells every session that the worker leaves.
  void drain(DrainMode mode);
  void abort_all();
  // Called after each that ended.
  void on_erase(Function<void()> function) { on_erase_ = std::move(function); }

  // An endpoint whose connections are to stand here.
  Endpoint make_endpoint(Protocol& protocol);

 private:
  Reactor& reactor_;
  const ConnectionTable& table_;
  LifeRow& life_;
  net::Carrier& carrier_;
  BlockPool blocks_;
  SlotTable<net::PostedConnection> connections_;
  std::unordered_map<uint64_t, net::PostedConnection*> by_id_;
  Function<void()> on_erase_;
};

}  // namespace oklo
