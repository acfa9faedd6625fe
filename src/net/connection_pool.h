#pragma once

#include <cstdint>

#include "base/drain_mode.h"
#include "base/slot_table.h"
#include "net/block_pool.h"
#include "net/connections.h"
#include "net/socket_connection.h"
#include "reactor/reactor.h"
#include "shm/address_guard.h"
#include "shm/connection_rows.h"
#include "shm/scoreboard.h"
#include "sys/address.h"

#include <oklo/function.h>

namespace oklo {

// All connections of one worker that have a socket, and what they share. Lives as long as the worker.
class ConnectionPool final : public Connections {
 public:
  ConnectionPool(Reactor& reactor, const ConnectionTable& table, LifeRow& life, uint32_t life_index,
                 uint32_t connections_max);
  // From now on, before the first connection: what its peers' addresses may do. It outlives the pool.
  void guard_with(AddressGuard& guard) { guard_ = &guard; }
  AddressGuard* guard() const { return guard_; }
  // Whether one more connection of its peer's address may be there; then it counts until it ends.
  bool enter(net::Connection& connection);

  bool full() const { return connections_.size() + reserved_ >= connections_max_; }
  size_t size() const { return connections_.size(); }
  // Those that came from listeners; the others are of clients.
  size_t accepted() const { return connections_.size() - clients_; }
  bool empty() const { return connections_.size() + reserved_ == 0; }

  // A connection for an accepted socket; it reads at once when `read_now`. Without a row in the table the
  // socket is closed.
  void open(Endpoint& endpoint, sys::Fd socket, const sys::Address& peer, bool read_now);
  void erase(net::Connection& connection, CloseReason reason) override;
  // Of one that is about to be erased: its row stays, as that of no connection, until release_row.
  void retain_row(net::Connection& connection) { retained_ = connection.id(); }
  void release_row(ConnectionId id) { rows_.close(id); }

  // A row for a client's connection that is being made; generation 0: there is no room. Either open_client or
  // give_up follows. Until then find finds nothing, and the slot in the row is free to use.
  ConnectionId reserve();
  void give_up(ConnectionId id);
  void open_client(ConnectionId id, Endpoint& endpoint, sys::Fd socket, const sys::Address& peer);
  ConnectionRows& rows() { return rows_; }

  // nullptr: it is gone, or that of another worker.
  net::Connection* find(ConnectionId id) override;
  void for_each(const Function<void(net::Connection&)>& visit) override;

  // Tells every session that the worker leaves, but for those of clients.
  void drain(DrainMode mode);
  // Tells the sessions of those that their time is over; clients are none of them.
  void say_farewell(const Function<bool(ConnectionId)>& to);
  // Closes the connections of clients, when all that was sent has gone out.
  void drain_clients();
  void abort_all();
  // Called after each connection that ended, and each that was given up.
  void on_erase(Function<void()> function) { on_erase_ = std::move(function); }

  // An endpoint for a listener whose connections are to stand here.
  Endpoint make_endpoint(Protocol& protocol);

  Reactor& reactor() { return reactor_; }
  LifeRow& life() { return life_; }

 private:
  net::SocketConnection& insert(ConnectionId id, Endpoint& endpoint, sys::Fd&& socket,
                                const sys::Address& peer);
  void count();

  Reactor& reactor_;
  LifeRow& life_;
  BlockPool blocks_;
  ConnectionRows rows_;
  SlotTable<net::SocketConnection> connections_;
  uint32_t connections_max_;
  uint32_t reserved_ = 0;
  ConnectionId retained_;
  uint32_t clients_ = 0;
  AddressGuard* guard_ = nullptr;
  Function<void()> on_erase_;
};

}  // namespace oklo
