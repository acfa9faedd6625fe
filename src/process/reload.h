#pragma once

#include <string>
#include <vector>

#include "process/control_socket.h"
#include "process/supervisor.h"

namespace oklo {

// The replacement of one generation of workers by the next: built beside the running one, which goes on
// whatever happens to it. One at a time; requests that come meanwhile share the one that follows. The
// first generation is one that replaces nothing. Owned by the WorkerTree.
class Reload {
 public:
  // opened: what the application opens was open before the first generation of this one.
  Reload(KeeperContext& context, Supervisor& supervisor, bool opened) : context_(context),
        supervisor_(supervisor),
        generation_(context.scoreboard->service().generation),
        opened_(opened) {}

  // Starts the first generation; `outcome` hears whether it came up, unless it could not be started.
  Result<void> first(ControlReply outcome);
  void request(ControlReply reply);

  void on_ready();
  void on_failed(const std::string& why);

 private:
  void begin();
  Result<void> fork_generation();
  void end(bool ok, const std::string& text);

  KeeperContext& context_;
  Supervisor& supervisor_;
  uint32_t generation_;                // the newest, whether it came up or not; those of a manager follow
                                       // on those of the one before
  const bool opened_;
  bool first_ = true;                  // none has come up or failed yet
  bool running_ = false;
  std::vector<ControlReply> waiting_;  // for the one that runs
  std::vector<ControlReply> next_;     // for the one after it
};

}  // namespace oklo
