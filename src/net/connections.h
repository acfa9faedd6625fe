#pragma once

#include "shm/scoreboard.h"

#include <oklo/connection_id.h>
#include <oklo/function.h>

namespace oklo {

namespace net { class Connection; }

// Where connections stand, as sessions know it.
class Connections {
 public:
  // nullptr: it is gone, or stands elsewhere.
  virtual net::Connection* find(ConnectionId id) = 0;
  virtual void for_each(const Function<void(net::Connection&)>& visit) = 0;
  // It has ended, and told its Protocol so.
  virtual void erase(net::Connection& connection, CloseReason reason) = 0;

 protected:
  ~Connections() = default;
};

}  // namespace oklo
