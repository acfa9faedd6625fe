#pragma once

#include "net/log_sink.h"
#include "process/control_channel.h"
#include "process/control_socket.h"
#include "sys/process.h"

namespace oklo {

// The processes below a keeper: what the service consists of, in one of its modes. Each command of the master
// comes to this.
class Tree {
 public:
  virtual ~Tree() = default;

  // Starts all for the first time; `outcome` hears whether they came up, unless they could not be started.
  virtual Result<void> start(ControlReply outcome) = 0;
  virtual void reload(ControlReply reply) = 0;
  // All leave, at the latest at deadline_ms (0: no limit); dead ones are not replaced any more. May be
  // called again with another deadline.
  virtual void stop(uint64_t deadline_ms) = 0;
  // Another tree serves now: all leave as after a reload, at the latest at deadline_ms (0: no limit). Task
  // workers do all tasks before.
  virtual void leave(uint64_t deadline_ms) = 0;
  virtual void kill_all() = 0;
  // Nothing is left that runs.
  virtual bool empty() const = 0;

  // Of any process; those that are not its own mean nothing to it.
  virtual void on_child_event(const sys::ChildEvent& event) = 0;
  // To all that write it, which have it instead of the one before.
  virtual void send_log(LogKind kind, LogSink log) = 0;
  // To every worker, also to one that is not ready yet.
  virtual void pass_on(int signal) = 0;
};

}  // namespace oklo
