#pragma once

#include <cstdint>

#include "net/connection_pool.h"
#include "net/entrance_rules.h"
#include "net/log.h"
#include "net/protocol.h"

namespace oklo {

// The first protocol of each connection of a listener that not everybody may come in at: it reads the header
// of a proxy, says who the peer is, and hands the connection over to the protocol inside, or closes it. So no
// session sees a byte of one that may not come in.
class Doorkeeper final : public Protocol {
 public:
  // All outlive it. `inside` is the endpoint of the protocol that gets the connections, in that pool.
  Doorkeeper(const EntranceRules& rules, ConnectionPool& pool, Endpoint& inside, Log& log);

  // Where the connections of the listener begin: inside, where all may come in as they are.
  Endpoint& endpoint();

  void on_open(net::Connection& connection) override;
  void on_data(net::Connection& connection) override;
  void on_end(net::Connection& connection) override;
  void on_drained(net::Connection&) override {}
  void on_deadline(net::Connection& connection) override;
  void on_drain(net::Connection& connection, DrainMode mode) override;
  void on_close(net::Connection&, CloseReason) override {}

 private:
  static constexpr uint32_t kComplainMs = 10'000;  // from one line about broken headers to the next

  bool limits_connections() const;
  bool limits_requests() const;
  void judge(net::Connection& connection);
  void let_in(net::Connection& connection);
  void refuse_header(net::Connection& connection, const char* fault);

  const EntranceRules& rules_;
  ConnectionPool& pool_;
  Endpoint& inside_;
  Endpoint own_;
  Log& log_;
  uint64_t silent_until_ms_ = 0;
};

}  // namespace oklo
