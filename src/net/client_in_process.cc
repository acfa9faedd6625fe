#include "net/client_in_process.h"

namespace oklo {

bool ClientInProcess::current() const {
  const Connector* now = Connector::current();
  return now && now->number() == number_;
}

std::vector<ConnectionId> ClientInProcess::ids_at(const Endpoint& endpoint) const {
  std::vector<ConnectionId> ids;
  connector_.pool().for_each([&](const net::Connection& connection) {
    if (&connection.endpoint() == &endpoint) ids.push_back(connection.id());
  });
  return ids;
}

}  // namespace oklo
