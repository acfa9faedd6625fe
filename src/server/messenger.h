#pragma once

#include <optional>

#include "net/relay.h"
#include "process/application.h"
#include "server/service.h"
#include "ws/hub.h"

namespace oklo {

// What a process of a server reaches the connections of all workers with: a Relay, and where there are
// WebSockets a Hub. One in each worker, each process of the program's own, each task worker, and the master.
class Messenger {
 public:
  // The context and the pool, which may be null, outlive it.
  Messenger(const WorkerContext& context, Reach reach, ConnectionPool* pool);

  Result<void> start() { return relay_.start(); }
  Relay& relay() { return relay_; }

 private:
  Relay relay_;
  std::optional<ws::Hub> hub_;
};

}  // namespace oklo
