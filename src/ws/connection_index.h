#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/connection.h"

namespace oklo::ws {

// Connections of one worker by the row of their id: a hash table with open addressing, since a node for each
// would cost an idle connection more memory than it has itself to remember.
class ConnectionIndex {
 public:
  void insert(net::Connection& connection);
  // It is there.
  void erase(const net::Connection& connection);
  // nullptr: it is not there.
  net::Connection* find(ConnectionId id) const;
  size_t size() const { return size_; }

  template <class F>
  void for_each(F visit) const {
    for (net::Connection* connection : places_)
      if (connection) visit(*connection);
  }

 private:
  size_t mask() const { return places_.size() - 1; }
  size_t home_of(uint32_t row) const { return row * 0x9e3779b97f4a7c15u >> 32 & mask(); }
  size_t place_of(ConnectionId id) const;
  void grow();

  std::vector<net::Connection*> places_ = std::vector<net::Connection*>(8);  // at most three quarters full
  size_t size_ = 0;
};

}  // namespace oklo::ws
