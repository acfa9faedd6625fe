#pragma once

#include <memory>
#include <vector>

#include "process/application.h"
#include "reactor/signal_source.h"

namespace oklo {

enum class Hearer : uint8_t { master, worker };

// Hears the signals that the program wants: the master all of them, a worker those that are for the workers.
// Null when there are none; an error when one is not free for the program.
Result<std::unique_ptr<SignalSource>> hear_own_signals(Reactor& reactor, Hearer hearer,
                                                       const std::vector<OwnSignal>& wanted,
                                                       Function<void(const OwnSignal&)> on_signal);

}  // namespace oklo
