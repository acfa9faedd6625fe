#include "process/worker_tree.h"

#include <utility>

namespace oklo {

WorkerTree::WorkerTree(KeeperContext& context, bool opened, Function<void()> on_gone)
    : supervisor_(context, events(std::move(on_gone))), reload_(context, supervisor_, opened) {}

Supervisor::Events WorkerTree::events(Function<void()> on_gone) {
  Supervisor::Events events;
  events.on_ready = [this] { reload_.on_ready(); };
  events.on_next_failed = [this](const std::string& what) { reload_.on_failed(what); };
  events.on_life_gone = std::move(on_gone);
  return events;
}

}  // namespace oklo
