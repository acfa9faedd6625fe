#pragma once

#include <string>

#include "process/keeper_context.h"

namespace oklo {

// With what a keeper sends to the connections, from the callbacks that the program has there.
class KeeperVoice {
 public:
  // `place`: of its ring, behind those of the lives. It outlives what the application makes of it.
  Result<void> join(const KeeperContext& keeper, std::string name, uint32_t place);

 private:
  LifeRow row_ = {};  // nobody reads it
  WorkerContext context_;
};

}  // namespace oklo
