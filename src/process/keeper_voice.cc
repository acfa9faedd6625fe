#include "process/keeper_voice.h"

#include <utility>

namespace oklo {

Result<void> KeeperVoice::join(const KeeperContext& keeper, std::string name, uint32_t place) {
  if (!keeper.broadcasts) return {};
  context_.name = std::move(name);
  context_.life = keeper.scoreboard->size() + place;
  context_.reactor = keeper.reactor;
  context_.row = &row_;
  context_.scoreboard = keeper.scoreboard;
  context_.connections = keeper.connections;
  context_.broadcast = keeper.broadcast;
  context_.log = keeper.log;
  return keeper.application->join_broadcast(context_);
}

}  // namespace oklo
