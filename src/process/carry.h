#pragma once

#include "process/shared_state.h"

namespace oklo {

// What the processes of one configuration have counted until now is what was before those of the next, so
// that no total of the service ever falls. For the master, as often as it likes.
void carry(const SharedState& from, const SharedState& to);

// The numbers of the service itself, once, when the next configuration takes over.
void carry_service(const SharedState& from, const SharedState& to);

}  // namespace oklo
