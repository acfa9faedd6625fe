#pragma once

#include <optional>
#include <vector>

#include "base/assert.h"
#include "net/connector.h"

namespace oklo {

// What a client of the program is in one process: what it has in common with those of other kinds.
class ClientInProcess {
 public:
  ClientInProcess(const ClientInProcess&) = delete;
  ClientInProcess& operator=(const ClientInProcess&) = delete;

  // Whether the process still has what this was made for.
  bool current() const;

 protected:
  // The Connector outlives it, unless it is not the current one any more.
  explicit ClientInProcess(Connector& connector) : connector_(connector), number_(connector.number()) {}
  ~ClientInProcess() = default;

  // Its connections that are there.
  std::vector<ConnectionId> ids_at(const Endpoint& endpoint) const;
  Reactor& reactor() const { return connector_.pool().reactor(); }

  Connector& connector_;

 private:
  const uint64_t number_;
};

// That of this process; made with these and the Connector when it is asked for first.
template <class Side, class... With>
Side& in_this_process(std::optional<Side>& side, const With&... with) {
  Connector* connector = Connector::current();
  OKLO_ASSERT(connector && "clients work in workers, task workers and processes of Server::process");
  if (!side || !side->current()) side.emplace(with..., *connector);
  return *side;
}

}  // namespace oklo
