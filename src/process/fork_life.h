#pragma once

#include <memory>

#include "process/keeper_context.h"
#include "process/life.h"
#include "process/slot.h"

namespace oklo {

using OnLifeMessage = Function<void(Life&, const ControlMessage&)>;

// A new life for the slot, in a process of its own, where this does not return. What it says is heard as long
// as the Life lives. One that cannot be heard is killed at once.
Result<std::unique_ptr<Life>> fork_life(const KeeperContext& context, const Slot& slot, uint32_t generation,
                                        OnLifeMessage on_message);

}  // namespace oklo
