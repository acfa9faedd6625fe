#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "net/connections.h"

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
  void enter(net::Connection& connection);
  // Leaves all rooms, too.
  void exit(net::Connection& connection);

  void join(net::Connection& connection, std::string_view room);
  void leave(net::Connection& connection, std::string_view room);

  // nullptr: there is none.
  const LocalRoom* find(std::string_view room) const;

  size_t count() const { return count_; }
  template <class F>
  void for_each(F visit) const {
    if (count_ == 0) return;
    pool_->for_each([&visit](net::Connection& connection) {
      if (is_websocket(connection)) visit(connection);
    });
  }

 private:
  static bool is_websocket(const net::Connection& connection) {
    return connection.row().kind == ConnectionKind::websocket;
  }
  void remove(Membership& membership);

  Connections* pool_ = nullptr;  // where all of them stand
  size_t count_ = 0;
  std::map<std::string, LocalRoom, std::less<>> rooms_;
};

}  // namespace oklo::ws
