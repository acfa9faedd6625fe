#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "ws/connection_index.h"

namespace oklo::ws {

struct Membership;

// Those of one worker who are in a room.
struct LocalRoom {
  struct Member {
    net::Connection* connection;
    Membership* membership;
  };
  std::vector<Member> members;
};

// That a WebSocket is in a room; those of one WebSocket form a list.
struct Membership {
  using Place = std::map<std::string, LocalRoom, std::less<>>::iterator;
  Membership* next;
  Place room;
  size_t index;  // among its members
};

// The open WebSockets of one worker, and the rooms that they are in. A room is there as long as somebody is
// in it.
class Members {
 public:
  void enter(net::Connection& connection) { all_.insert(connection); }
  // Leaves all rooms, too.
  void exit(net::Connection& connection);

  void join(net::Connection& connection, std::string_view room);
  void leave(net::Connection& connection, std::string_view room);

  // nullptr: there is none.
  const LocalRoom* find(std::string_view room) const;
  net::Connection* find(ConnectionId id) const { return all_.find(id); }
  const ConnectionIndex& all() const { return all_; }

 private:
  void remove(Membership& membership);

  ConnectionIndex all_;
  std::map<std::string, LocalRoom, std::less<>> rooms_;
};

}  // namespace oklo::ws
